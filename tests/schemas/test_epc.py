"""One item, one name: URNs and links of every GS1 key, in the canonical form of CBV 2.0."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.codes import gtin_check_digit
from schemas.epc import canonical, item_key

PUBLISHED = [
    ("urn:epc:id:sgtin:4012345.012345.12", "01/04012345123456/21/12"),
    ("urn:epc:id:sgtin:0614141.107346.2018", "01/10614141073464/21/2018"),
    ("urn:epc:id:sscc:4012345.0000000333", "00/040123450000003338"),
    ("urn:epc:id:sgln:4012345.00011.987", "414/4012345000115/254/987"),
    ("urn:epc:id:sgln:4012345.00011.0", "414/4012345000115"),
    ("urn:epc:id:pgln:4012345.00225", "417/4012345002256"),
    ("urn:epc:id:grai:4012345.66666.87", "8003/0401234566666387"),
    ("urn:epc:id:giai:4012345.AAbb", "8004/4012345AAbb"),
    ("urn:epc:id:gsrn:4012345.9876540000", "8018/401234598765400000"),
    ("urn:epc:id:gsrnp:4012345.0000098765", "8017/401234500000987658"),
    ("urn:epc:id:gdti:4012345.55555.98", "253/401234555555498"),
    ("urn:epc:id:cpi:4012345.ABC.123", "8010/4012345ABC/8011/123"),
    ("urn:epc:id:sgcn:4012345.99999.44", "255/401234599999044"),
    ("urn:epc:id:ginc:4012345.333", "401/4012345333"),
    ("urn:epc:id:gsin:4012345.999987654", "402/40123459999876541"),
    ("urn:epc:id:itip:4012345.012345.01.02.999", "8006/040123451234560102/21/999"),
    ("urn:epc:id:upui:4012345.012345.AB12", "01/04012345123456/235/AB12"),
    ("urn:epc:class:lgtin:4054739.099914.20160711", "01/04054739999148/10/20160711"),
    ("urn:epc:idpat:sgtin:4054739.099914.*", "01/04054739999148"),
    ("urn:epc:idpat:grai:4012345.66666.*", "8003/04012345666663"),
    ("urn:epc:idpat:gdti:4012345.55555.*", "253/4012345555554"),
    ("urn:epc:idpat:sgcn:4012345.99999.*", "255/4012345999990"),
    ("urn:epc:idpat:cpi:4012345.ABC.*", "8010/4012345ABC"),
    ("urn:epc:idpat:itip:4012345.012345.01.02.*", "8006/040123451234560102"),
    ("https://example.org/8004/401234599999", "8004/401234599999"),
    ("https://id.gs1.de/01/04012345999990/21/XYZ-1234", "01/04012345999990/21/XYZ-1234"),
]
"""From the test data of the reference implementation of the hash."""


@pytest.mark.parametrize(("uri", "path"), PUBLISHED)
def test_published_pairs_of_uri_and_digital_link(uri: str, path: str) -> None:
    assert canonical(uri) == f"https://id.gs1.org/{path}"
    assert item_key(uri) == path
    assert canonical(canonical(uri)) == canonical(uri)


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("https://shop.example/a/01/04012345123456/22/V/10/L1/21/12?17=270101#x", "01/04012345123456/21/12"),
        ("https://shop.example/01/04012345123456/10/L1", "01/04012345123456/10/L1"),
        ("HTTPS://SHOP.EXAMPLE/01/04012345123456/10/L1", "01/04012345123456/10/L1"),
        ("https://shop.example/01/4012345123456", "01/04012345123456"),
        ("http://shop.example/414/4012345000115/254/32a%2Fb", "414/4012345000115/254/32a%2Fb"),
        ("urn:epc:id:sgtin:4012345.012345.1(2)", "01/04012345123456/21/1%282%29"),
    ],
)
def test_a_link_is_cut_down_to_key_and_finest_qualifier(uri: str, path: str) -> None:
    assert canonical(uri) == f"https://id.gs1.org/{path}"


@pytest.mark.parametrize(
    "uri",
    [
        "geo:50.94,6.92",
        "urn:uuid:374d95fc-9457-4a51-bd6a-0bba133845a8",
        "urn:epc:id:sgtin:4012345.01234.12",
        "urn:epc:id:usdod:CAGEY.5678",
        "https://shop.example/01/bar/21/12",
        "https://shop.example/",
        "https://shop.example/warehouse/01",
        "urn:epc:id:sscc:401234X.0000000333",
        "urn:epc:id:itip:4012345.012345.01",
        "https://[shop.example/01/04012345123456/21/12",
    ],
)
def test_what_is_no_gs1_key_stays_as_it_is(uri: str) -> None:
    assert canonical(uri) == item_key(uri) == uri


def test_a_code_is_found_by_its_text_whatever_the_domain() -> None:
    for link in (
        "https://id.example.com/88.118.8/tp-1001/00000-03kab-pvqxm-qgcv3",
        "http://x.example/q/88.118.8/TP-1001/0000003KABPVQXMQGCV3",
    ):
        assert item_key(link) == "88.118.8/TP-1001/0000003KABPVQXMQGCV3"


@given(
    st.integers(6, 12),
    st.text("0123456789", min_size=13, max_size=13),
    st.from_regex("[A-Za-z0-9]{1,20}", fullmatch=True),
)
@settings(max_examples=50, deadline=None)
def test_urn_and_link_of_any_gtin_have_one_name(prefix: int, number: str, serial: str) -> None:
    urn = f"urn:epc:id:sgtin:{number[1 : prefix + 1]}.{number[0]}{number[prefix + 1 :]}.{serial}"
    gtin = number + gtin_check_digit(number)
    assert (
        canonical(urn)
        == canonical(f"https://shop.example/01/{gtin}/21/{serial}")
        == f"https://id.gs1.org/01/{gtin}/21/{serial}"
    )


@given(st.text(max_size=50) | st.text("urn:epcidsgtn.0123456789/*htps", max_size=50))
@settings(max_examples=100, deadline=None)
def test_any_text_has_a_canonical_form(text: str) -> None:
    assert canonical(canonical(text)) == canonical(text)


def test_the_link_that_a_label_holds_names_the_item_of_the_code() -> None:
    code = "88.118.8/TP-1001/0000003KABPVQXMQGCV3"
    assert item_key(f"HTTPS://ID.EXAMPLE.COM/{code}") == item_key(f"https://id.example.com/{code}") == code
