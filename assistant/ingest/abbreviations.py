"""Words that tell whether a period ends a sentence; all in lower case, without their last period."""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Do not end a sentence when a number follows.
NUMBERED = _words(
    """
    art arts ch chap eq fig figs no nos p par para pp ref refs sec secs vol vols
    """
)
# Never end a sentence.
LEADING = _words(
    """
    adm capt cf cmdr col dr e.g eg gen gov hon i.e ie lt maj messrs mr mrs ms pres prof rep rev sen
    sgt v viz vs
    """
)
# May end a sentence; then the next word tells.
TRAILING = _words(
    """
    a.d a.g a.m al approx apr assn aug ave avg b.a b.c b.v bldg blvd bros ca co corp cos dec dept ed
    eds esp esq est etc excl feb ft gmbh inc incl intl jan jr jul jun k.k l.p llc lp ltd m.a m.d mar
    mfg mt n.v natl nov oct op p.m ph.d plc pte pty rd resp s.a s.p.a sep sept sr st trans univ
    """
)
# Begin sentences far more often than they go on after an abbreviation.
STARTERS = _words(
    """
    a according after against all also although among an and another as at because before between
    both but by despite during each even every few for from furthermore he her here his how however
    i if in instead it its many meanwhile moreover most my nevertheless no not now of on one only or
    other our over several she since so some still such that the their then there these they this
    those though through thus to today two under until we what when where while who why with within
    without yesterday yet you
    """
)
