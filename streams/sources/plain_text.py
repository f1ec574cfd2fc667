"""What a person reads of a body that may be HTML."""

from __future__ import annotations

import html
import re

_TAG = re.compile(r"<(?:/?[A-Za-z][^<>]{0,2000}|!--.{0,2000}?--)>", re.DOTALL)


def plain_text(body: str) -> str:
    """A body without tags and with its entities as characters; what is no HTML stays as it is.

    >>> plain_text("<p>Der Gutschein <b>SOMMER25</b>&nbsp;geht nicht</p>").split()
    ['Der', 'Gutschein', 'SOMMER25', 'geht', 'nicht']
    >>> plain_text("5 < 6 & 7 > 3")
    '5 < 6 & 7 > 3'
    """
    return html.unescape(_TAG.sub(" ", body))
