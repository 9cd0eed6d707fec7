"""Links by role, after the GS1-Conformant Resolver Standard 1.2 and RFC 9264 (linksets)."""

from typing import Any, Final, NamedTuple

_VOCABULARY: Final = "https://ref.gs1.org/voc/"
_NAMESPACES: Final = ("gs1:", _VOCABULARY, "https://gs1.org/voc/")
LINKSET_TYPE: Final = "application/linkset+json"
_HTML: Final = "text/html"
_JSON: Final = "application/json"


class _Target(NamedTuple):
    """Where a role leads; the code goes between path and fragment."""

    path: str
    type: str
    title: str
    fragment: str = ""


_ROLES: Final = {
    "defaultLink": (_Target("/page/", _HTML, "What this item is"),),
    "pip": (_Target("/page/", _HTML, "What this item is"),),
    "certificationInfo": (
        _Target("/page/", _HTML, "That the code is genuine", "#certificate"),
        _Target("/resolve/", _JSON, "That the code is genuine"),
    ),
    "recallStatus": (
        _Target("/page/", _HTML, "Whether the item is recalled", "#recall"),
        _Target("/resolve/", _JSON, "Whether the item is recalled"),
    ),
    "traceability": (_Target("/archive/", _JSON, "Its whole life, for the enterprise's token"),),
}
"""By GS1 link type. Where there are two targets, the first is for people."""


def role_of(link_type: str) -> str | None:
    """The role that a `linkType` asks for: `gs1:pip`, or the whole URI; None if there is none of that name."""
    for namespace in _NAMESPACES:
        if link_type.startswith(namespace) and link_type.removeprefix(namespace) in _ROLES:
            return link_type.removeprefix(namespace)
    return None


def is_linkset(link_type: str) -> bool:
    """Whether all roles are asked for; `all` is what that was called before."""
    return link_type in ("linkset", "all")


def target(role: str, code: str, base: str, html: bool) -> str:
    """Where a role leads, of a code as text; `base` stands before the path."""
    found = _ROLES[role]
    return _href(found[0] if html else found[-1], code, base)


def linkset(code: str, domain: str) -> dict[str, Any]:
    """All roles of a code as a linkset in JSON."""
    base = f"https://{domain}"
    links = {
        f"{_VOCABULARY}{role}": [
            {
                "href": _href(one, code, base),
                "title": one.title,
                "type": one.type,
                **({"hreflang": ["en", "zh"]} if one.type == _HTML else {}),
            }
            for one in targets
        ]
        for role, targets in _ROLES.items()
    }
    return {"linkset": [{"anchor": f"{base}/{code}", **links}]}


def header(code: str, domain: str) -> str:
    """The `Link` header: where the linkset is, and each role's first target."""
    base = f"https://{domain}"
    links = [f'<{base}/resolve/{code}?linkType=linkset>; rel="linkset"; type="{LINKSET_TYPE}"']
    links += [
        f'<{_href(targets[0], code, base)}>; rel="{_VOCABULARY}{role}"; type="{targets[0].type}"'
        for role, targets in _ROLES.items()
    ]
    return ", ".join(links)


def description(domain: str) -> dict[str, Any]:
    """What stands at `/.well-known/gs1resolver`."""
    return {
        "name": "headrace",
        "resolverRoot": f"https://{domain}",
        "supportedPrimaryKeys": ["01"],
        "supportedLinkType": [{"namespace": _VOCABULARY, "prefix": "gs1:"}],
        "linkTypeDefaultCanBeLinkset": False,
    }


def _href(one: _Target, code: str, base: str) -> str:
    return f"{base}{one.path}{code}{one.fragment}"
