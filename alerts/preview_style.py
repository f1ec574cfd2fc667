"""How the preview page looks: close to Slack, light and dark, readable on a phone; and its few drawings."""

AVATAR = (
    '<svg viewBox="0 0 40 40" width="40" height="40"><rect width="40" height="40" rx="9" fill="#5b2a86"/>'
    '<path d="M7 27h6l3-3 4-15 5 21 3-8 2 5h3" fill="none" stroke="#ffd166" stroke-width="2.8" '
    'stroke-linecap="round" stroke-linejoin="round"/></svg>'
)

_SVG = '<svg class="emoji" viewBox="0 0 20 20" role="img" aria-label="{}">{}</svg>'
EMOJI = {
    "🔴": _SVG.format("🔴", '<circle cx="10" cy="10" r="8.5" fill="#dd2e44"/>'),
    "🔺": _SVG.format("🔺", '<path d="M10 1.5 19 18H1z" fill="#dd2e44"/>'),
    "✅": _SVG.format(
        "✅",
        '<rect x="1" y="1" width="18" height="18" rx="4" fill="#3f9b4b"/>'
        '<path d="m5 10.5 3.4 3.5L15 6" fill="none" stroke="#fff" stroke-width="2.6"/>',
    ),
    "📣": _SVG.format(
        "📣",
        '<path d="M2 8v4l3 .6V17h3v-3.7l8 2.7V4L5 7.4z" fill="#e0a528"/>'
        '<path d="M17.5 7.5v5" stroke="#e0a528" stroke-width="1.6" stroke-linecap="round"/>',
    ),
    "🟠": _SVG.format("🟠", '<circle cx="10" cy="10" r="8.5" fill="#f4900c"/>'),
    "🔕": _SVG.format(
        "🔕",
        '<path d="M10 2.2c3 0 4.8 2.2 4.8 5v3.6l1.9 2.9H3.3l1.9-2.9V7.2c0-2.8 1.8-5 4.8-5z" fill="#8a8d91"/>'
        '<path d="M8 15.2a2 2 0 0 0 4 0z" fill="#8a8d91"/>'
        '<path d="M3 2.5 17 18" stroke="#dd2e44" stroke-width="2" stroke-linecap="round"/>',
    ),
    "🔌": _SVG.format(
        "🔌",
        '<path d="M5 7h10v3a5 5 0 0 1-10 0z" fill="#66757f"/>'
        '<path d="M7.5 7V2.5M12.5 7V2.5M10 15v3.5" stroke="#66757f" stroke-width="2" stroke-linecap="round"/>',
    ),
    "⏰": _SVG.format(
        "⏰",
        '<circle cx="10" cy="11" r="7.5" fill="#dd2e44"/><circle cx="10" cy="11" r="5.6" fill="#fff"/>'
        '<path d="M10 7.5V11l2.4 1.6" fill="none" stroke="#292f33" stroke-width="1.5"/>',
    ),
    "↪️": _SVG.format(
        "↪️",
        '<rect x="1" y="1" width="18" height="18" rx="4" fill="#3b88c3"/>'
        '<path d="M5 14V9.5A2.5 2.5 0 0 1 7.5 7H14m-3-3 3.2 3L11 10" fill="none" stroke="#fff" stroke-width="2"/>',
    ),
}
"""Our own emoji as drawings: a machine without an emoji font shows boxes."""

COLOURS = """
:root{--bg:#fff;--page:#f3f1f5;--ink:#1d1c1d;--soft:#616061;--line:#e4e2e6;--code:#c01343;--code-bg:#f6f5f7;
--link:#1264a3;--mention:#1264a3;--mention-bg:#e8f5fa;--quote:#dcdadd;--edge:#bbb8bd}
@media (prefers-color-scheme:dark){:root{--bg:#1a1d21;--page:#121416;--ink:#e2e3e5;--soft:#9a9ea3;
--line:#33373c;
--code:#e8912d;--code-bg:#24272b;--link:#4da3e0;--mention:#6cc0f0;--mention-bg:#12324a;--quote:#4a4e53;--edge:#565a60}}
"""

MESSAGES = """
.messages{padding:8px 0 16px}
.root{padding:10px 20px}.root+.root{border-top:1px solid var(--line)}
.message{display:flex;gap:10px;padding:4px 0}
.avatar{flex:0 0 40px;height:40px}.avatar svg{display:block;width:100%;height:auto}
.body{flex:1;min-width:0}
.who{margin:0 0 2px;line-height:1.3}.who b{font-weight:900}
.app{font-size:10px;font-weight:700;background:var(--line);color:var(--soft);border-radius:3px;
padding:1px 4px;margin:0 6px;vertical-align:1px}
.who time{color:var(--soft);font-size:12px}
.messages h2{font-size:18px;line-height:1.33;font-weight:900;margin:6px 0 8px}
.section{margin:4px 0 8px;max-width:640px}
.fields{display:grid;grid-template-columns:1fr 1fr;gap:10px 24px;margin:4px 0 12px;max-width:600px}
.fields b,.section b,.rich b{font-weight:700}
.rich{margin:4px 0 12px;max-width:640px}.rich p{margin:0}
.rich ul{margin:2px 0;padding-left:22px}
.messages blockquote{margin:4px 0;padding:1px 0 1px 12px;border-left:4px solid var(--quote);border-radius:2px}
.context{display:flex;flex-wrap:wrap;gap:2px 14px;color:var(--soft);font-size:13px;line-height:1.4;
margin:4px 0;max-width:640px}
.messages code{font:12px/1.5 Monaco,Menlo,Consolas,"DejaVu Sans Mono",monospace;color:var(--code);
background:var(--code-bg);border:1px solid var(--line);border-radius:3px;padding:1px 4px}
a{color:var(--link);text-decoration:none}a:hover{text-decoration:underline}
.emoji{width:1.05em;height:1.05em;vertical-align:-.14em}
.mention{color:var(--mention);background:var(--mention-bg);border-radius:3px;padding:0 3px}
.thread{margin:6px 0 2px 50px;border-left:2px solid var(--line);padding-left:12px}
.thread summary{color:var(--link);font-size:13px;font-weight:700;cursor:pointer;padding:2px 0}
.thread .avatar{flex-basis:24px;height:24px}.thread .message{gap:8px}
.actions{display:flex;flex-wrap:wrap;gap:8px;margin:8px 0}.actions+.context{margin-top:12px}
.button{display:inline-block;border:1px solid var(--edge);border-radius:8px;padding:4px 12px;font-size:14px;
font-weight:700;line-height:1.4;background:var(--bg);white-space:nowrap;cursor:pointer}
.button.primary{background:#007a5a;border-color:#007a5a;color:#fff}.button.danger{color:#e01e5a;border-color:#e01e5a}
.menu{position:relative;display:inline-block}.menu summary{list-style:none;font-weight:400}
.menu summary::after{content:"";display:inline-block;width:6px;height:6px;margin:0 0 3px 10px;
border:solid var(--soft);border-width:0 2px 2px 0;transform:rotate(45deg)}
.menu ul{position:absolute;z-index:1;left:0;margin:4px 0;padding:6px 0;list-style:none;background:var(--bg);
border:1px solid var(--line);border-radius:8px;box-shadow:0 6px 20px rgba(0,0,0,.15);min-width:200px;
max-width:320px}.menu li{padding:3px 16px}
.chart{margin:4px 0 12px;max-width:600px;border:1px solid var(--line);border-radius:10px;padding:10px 12px 8px}
.chart svg{display:block;width:100%;height:auto;margin-top:4px}
.chart text{font-size:11px;fill:var(--soft)}.chart .grid{stroke:var(--line)}
.chart polyline{fill:none;stroke-width:2.2;stroke-linejoin:round;stroke-linecap:round}
.chart polyline.s0{stroke:#d72b5c}.chart polyline.s1{stroke:#8a8d91;stroke-dasharray:5 4}
.legend{display:flex;gap:4px 16px;margin:4px 0 0;font-size:12px;color:var(--soft)}
.legend span::before{content:"";display:inline-block;width:14px;height:0;margin:0 6px 3px 0;
border-top:2.5px solid #d72b5c}.legend .s1::before{border-top:2.5px dashed #8a8d91}
.legend .axis{margin-left:auto}.legend .axis::before{display:none}
.messages hr{border:0;border-top:1px solid var(--line)}
@media (max-width:560px){.root{padding-left:14px;padding-right:14px}
.avatar{flex-basis:32px}.thread{margin-left:16px}.fields{gap:8px 14px}.messages h2{font-size:17px}
.chart text{font-size:17px}}
"""
"""How messages look, for any page that shows some."""

STYLE = (
    COLOURS
    + """
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);
font:15px/1.47 Lato,"Slack-Lato","Helvetica Neue",Helvetica,"Segoe UI",
Arial,"Noto Sans","Noto Color Emoji",sans-serif;
overflow-wrap:anywhere}
main{max-width:820px;margin:24px auto;background:var(--bg);border:1px solid var(--line);border-radius:12px;
overflow:hidden;box-shadow:0 8px 30px rgba(20,10,40,.07)}
.channel{padding:14px 20px;border-bottom:1px solid var(--line)}
.channel h1{font-size:18px;font-weight:900;margin:0}.hash{color:var(--soft);font-weight:400;margin-right:3px}
.channel p{margin:2px 0 0;color:var(--soft);font-size:13px}
@media (max-width:560px){main{margin:0;border:0;border-radius:0}
.channel{padding-left:14px;padding-right:14px}}
"""
    + MESSAGES
)
"""How a page of messages looks."""
