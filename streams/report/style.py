"""How the report looks, and the little it can do by itself; hatches and not only colours tell things apart."""

from __future__ import annotations

from alerts.preview_style import COLOURS, MESSAGES

SCRIPT = """
(function(){var d=document;
function open(){var e=location.hash&&d.getElementById(location.hash.slice(1));
if(e&&e.tagName==='DETAILS'){e.open=true;e.scrollIntoView()}}
d.querySelectorAll('[data-open]').forEach(function(b){b.onclick=function(){
d.querySelectorAll('.incident').forEach(function(e){e.open=!!b.dataset.open})}});
d.querySelectorAll('a.day').forEach(function(a){a.addEventListener('click',function(){setTimeout(open,0)})});
addEventListener('hashchange',open);open()})();
"""

STYLE = (
    COLOURS
    + """
:root{--accent:#5b2a86;--spike:#c8102e;--spike-bg:#c8102e14;--excess:#c8102e59;--fit:#1f6fb2;--fit-bg:#1f6fb233;
--camp:#8a5a00;--camp-bg:#e0a52826;--quiet:#e6f2ea;--quiet-ink:#1f6b3a;--past:#ece9ef;--s1:#f7c6cc;--s2:#ee8f9b;
--s3:#c9364c;--s4:#9c0f28;--day:#1d1c1d}
@media (prefers-color-scheme:dark){:root{--accent:#c6a0ee;--spike:#ff6b7d;--spike-bg:#ff6b7d1f;--excess:#ff6b7d66;
--fit:#6cb6f2;--fit-bg:#6cb6f240;--camp:#f0c15a;--camp-bg:#f0c15a1f;--quiet:#1d3326;--quiet-ink:#8fd6a8;
--past:#26292e;--s1:#5c2730;--s2:#7d2c3b;--s3:#a83348;--s4:#c93a50;--day:#fff}}
*{box-sizing:border-box}
html{scroll-behavior:smooth;-webkit-text-size-adjust:100%}
body{margin:0;background:var(--page);color:var(--ink);overflow-wrap:anywhere;
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,"Noto Sans","DejaVu Sans",sans-serif}
body>header,main>section,footer{max-width:1040px;margin:0 auto;padding:0 20px}
body>header{padding-top:36px}
h1{font-size:34px;line-height:1.15;margin:0 0 12px;letter-spacing:-.01em}
.period{margin:0 0 4px;color:var(--accent);font-weight:650}
.totals{font-size:19px;line-height:1.5;max-width:46em;margin:0 0 20px}
.figures{display:grid;grid-template-columns:repeat(4,1fr);gap:12px;margin:0 0 20px}
.figures div{background:var(--bg);border:1px solid var(--line);border-radius:10px;padding:10px 14px}
.figures dd{margin:0;font-size:27px;font-weight:700;line-height:1.2;font-variant-numeric:tabular-nums}
.figures dt{color:var(--soft);font-size:14px}
nav{display:flex;flex-wrap:wrap;gap:6px 18px;padding:10px 0;border-top:1px solid var(--line)}
nav a{font-weight:600}
main>section{padding-top:14px;padding-bottom:14px}
section>h2{font-size:23px;line-height:1.25;margin:18px 0 8px}
section p{max-width:46em}
.note,footer{color:var(--soft);font-size:14px}.note{max-width:none}
footer{padding-top:20px;padding-bottom:48px}
.legend{display:flex;flex-wrap:wrap;gap:2px 16px;list-style:none;margin:6px 0 10px;padding:0;color:var(--soft);
font-size:13px}
.legend li{display:flex;align-items:center;gap:6px}
.weeks{list-style:none;margin:0;padding:0;columns:2;column-gap:20px}
.weeks li{break-inside:avoid;display:grid;grid-template-columns:14.5em auto 1fr;grid-template-areas:"n d t" "o d t";
align-items:center;gap:0 10px;padding:4px 8px;border-radius:8px;margin-bottom:3px;font-size:14px}
.weeks .name{grid-area:n;font-weight:600;line-height:1.25}.weeks .days{grid-area:d;display:flex;gap:3px}
.weeks b{grid-area:t;text-align:right;font-weight:600}.weeks .of{grid-area:o;color:var(--soft);font-size:12px}
.weeks .quiet{background:var(--quiet)}.weeks .quiet b{color:var(--quiet-ink)}
.weeks .past,.weeks .many{color:var(--soft)}.weeks .many{display:block}
.day{width:24px;height:24px;border-radius:5px;display:inline-flex;align-items:center;justify-content:center;
font:600 12px/1 inherit;font-style:normal;font-size:12px;color:var(--soft)}
.day.watched{background:var(--bg);border:1px solid var(--line)}
.day.learnt{background:repeating-linear-gradient(45deg,var(--past) 0 3px,transparent 3px 6px)}
.day.outside{visibility:hidden}
a.day,.day.alert{color:var(--day);background:var(--s1);font-weight:800}
.day.s2{background:var(--s2)}.day.s3{background:var(--s3);color:#fff}.day.s4{background:var(--s4);color:#fff}
a.day:hover,a.day:focus{outline:2px solid var(--accent);text-decoration:none}
.weeks .name{white-space:nowrap}
.buttons{margin:0 0 10px}
button{font:inherit;font-size:14px;padding:5px 12px;margin-right:8px;border:1px solid var(--line);border-radius:7px;
background:var(--bg);color:var(--ink);cursor:pointer}
.incident{background:var(--bg);border:1px solid var(--line);border-radius:12px;margin:0 0 10px;
content-visibility:auto;contain-intrinsic-size:auto 60px;scroll-margin-top:10px}
.incident[open]{contain-intrinsic-size:auto 700px}
.incident>summary{cursor:pointer;padding:12px 16px;display:grid;grid-template-columns:7.6em 1fr;gap:2px 12px;
list-style:none}
summary::-webkit-details-marker{display:none}
.incident>summary::before,.list>summary::before{content:"▸";position:absolute;margin-left:-13px;color:var(--soft);
font-size:12px;line-height:24px}
details[open]>summary::before{content:"▾"!important}
.when{display:flex;flex-direction:column;line-height:1.35;padding-left:4px;font-size:15px}
.what{display:flex;flex-wrap:wrap;gap:0 12px;align-items:baseline;min-width:0}
.what>b{flex:1 1 100%;display:-webkit-box;-webkit-line-clamp:2;-webkit-box-orient:vertical;overflow:hidden;
font-size:17px}
.what>span{color:var(--soft);font-size:15px}
.what>.tag{color:var(--camp);background:var(--camp-bg);border-radius:5px;padding:0 6px}
.inside{padding:0 16px 14px;border-top:1px solid var(--line)}
figure{margin:12px 0 6px}
figcaption{color:var(--soft);font-size:13px;margin:0 0 14px 38px}
.plot{position:relative;height:210px;margin:0 6px 22px 38px}
.plot svg{position:absolute;inset:0;width:100%;height:100%;overflow:visible}
.plot path{vector-effect:non-scaling-stroke;fill:none}
.plot .observed{stroke:var(--ink);stroke-width:1.6}
.plot .expected{stroke:var(--fit);stroke-width:2;stroke-dasharray:6 4}
.plot .interval{fill:var(--fit-bg)}
.plot .excess{fill:var(--excess)}
.plot .spike{fill:var(--spike-bg)}
.band{position:absolute;top:0;bottom:0;opacity:.45;border-left:1px solid var(--camp);border-right:1px solid var(--camp);
background:repeating-linear-gradient(45deg,var(--camp) 0 1px,transparent 1px 8px)}
.plot .half{stroke:var(--line);stroke-width:1}
.plot .raised{stroke:var(--spike);stroke-width:1.6;stroke-dasharray:2 2}
.plot::after{content:"";position:absolute;inset:0;border:solid var(--soft);border-width:0 0 1px;pointer-events:none}
.labels{position:absolute;inset:0;font-size:12px;color:var(--soft);font-variant-numeric:tabular-nums}
.labels span,.labels b{position:absolute;white-space:nowrap;line-height:1.2}
.labels .y{right:100%;margin-right:7px;transform:translateY(50%)}
.labels .x{top:100%;margin-top:5px;transform:translateX(-50%)}
.labels .x::before{content:"";position:absolute;left:50%;top:-5px;height:4px;border-left:1px solid var(--soft)}
.labels .flag{top:-15px;color:var(--spike);font-weight:700}
.labels .letter{top:2px;margin-left:3px;color:var(--camp);background:var(--bg);border-radius:3px;padding:0 3px}
.chart .legend{margin:4px 0 8px 38px}
.legend i{flex:none;display:inline-block;width:20px;height:12px;border-radius:2px}
.legend i.day{width:22px;height:22px;display:inline-flex;border-radius:5px}
.legend i.observed{height:0;border-top:2px solid var(--ink)}
.legend i.expected{height:0;border-top:2px dashed var(--fit)}
.legend i.interval{background:var(--fit-bg)}
.legend i.window{background:var(--excess);border-bottom:2px solid var(--spike)}
.legend i.campaign{background:repeating-linear-gradient(45deg,var(--camp) 0 2px,transparent 2px 6px)}
.rule{margin:8px 0;font-size:15px}
.above{margin:14px 0 6px;color:var(--soft);font-size:13px}
.slack{border:1px solid var(--line);border-radius:10px;background:var(--bg);max-width:760px;font-size:15px;
line-height:1.47}
.slack .messages{padding:2px 0}
.wide{overflow-x:auto;margin:8px 0}
table{border-collapse:collapse;background:var(--bg);border:1px solid var(--line);font-size:15px;
font-variant-numeric:tabular-nums}
th,td{padding:7px 14px;text-align:right;border-bottom:1px solid var(--line);overflow-wrap:normal}
td{white-space:nowrap}tbody th{overflow-wrap:anywhere}
th:first-child{text-align:left}
thead th{font-size:13px;color:var(--soft);font-weight:600;vertical-align:bottom}
tbody th{font-weight:600;min-width:9em;max-width:26em}
.slow tbody th bdi{display:-webkit-box;-webkit-line-clamp:2;-webkit-box-orient:vertical;overflow:hidden}
tr.now{background:var(--quiet)}
.slow td:last-child{white-space:normal}
.arrow{font-style:normal;font-size:11px}
.list{margin:8px 0;padding-left:14px}.list>summary{cursor:pointer;font-weight:600;list-style:none}
.alarms{list-style:none;margin:6px 0;padding:0;font-size:14px}
.alarms li{display:grid;grid-template-columns:11em 1fr 17em;gap:2px 12px;padding:4px 0;
border-bottom:1px solid var(--line)}
.alarms span{color:var(--soft)}
.alarms bdi,.what bdi{unicode-bidi:isolate}
@media (max-width:760px){.weeks{columns:1}}
@media (max-width:560px){body>header,main>section,footer{padding-left:14px;padding-right:14px}
body>header{padding-top:22px}h1{font-size:27px}.totals{font-size:17px}
.figures{grid-template-columns:1fr 1fr;gap:8px}.figures dd{font-size:23px}
.weeks li{grid-template-columns:1fr auto;grid-template-areas:"n t" "d o";padding:6px 8px;gap:4px 8px}
.weeks .of{text-align:right}
.incident>summary{grid-template-columns:1fr;padding:10px 12px 10px 20px}
.when{flex-direction:row;gap:6px;padding:0;color:var(--soft);font-size:14px}
.inside{padding:0 10px 10px}
figcaption,.chart .legend{margin-left:30px}.plot{height:180px;margin-left:30px;margin-right:2px}
th,td{padding:6px 7px;font-size:14px}thead th{font-size:12px}tbody th{min-width:5.6em}.slow th,.slow td{padding:6px 5px}
.alarms li{grid-template-columns:1fr}}
@media print{body{background:#fff;font-size:12px}.buttons,nav{display:none}
.incident{break-inside:avoid;content-visibility:visible}
.incident:not([open]){border:0;border-bottom:1px solid #ccc;border-radius:0;margin:0}
*{-webkit-print-color-adjust:exact;print-color-adjust:exact}}
@media (prefers-reduced-motion:reduce){html{scroll-behavior:auto}}
"""
    + MESSAGES
)
