"""What customers sent: formatted text and files, neither of which can do anything."""

import pytest
from tests.web.site import MORNING, Site, text_of

from omniroute.application.pages import FileView, Item
from omniroute.web.pages.received import disposition

FRAME = "/threads/4812/messages/m2/frame"


def test_the_formatted_version_stands_in_a_frame_without_rights(site: Site) -> None:
    page = site.get("/threads/4812/messages/m2").text
    assert f'src="{FRAME}"' in page
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page
    assert "receipt</b>" not in page  # not on the page itself


def test_incident_26_the_frame_may_load_and_run_nothing(site: Site) -> None:
    answer = site.get(FRAME)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'self'" in policy
    assert "sandbox allow-popups" in policy
    assert "allow-scripts" not in policy
    assert "allow-same-origin" not in policy
    assert "<b>receipt</b>" in answer.text
    assert "script" not in answer.text


def test_what_is_too_tangled_is_shown_as_text(site: Site) -> None:
    site.village.htmls["m2"] = "<div>" * 5000 + "deep"
    page = text_of(site.get(FRAME).text)
    assert "too large or too tangled" in page
    assert "here is the receipt, hope that helps" in page


def test_a_message_without_a_formatted_version(site: Site) -> None:
    assert site.get("/threads/4812/messages/m0").status_code == 404
    assert site.get("/threads/4812/messages/none/frame").status_code == 404


def test_a_message_is_shown_only_in_its_own_thread(site: Site) -> None:
    assert site.get("/threads/4799/messages/m2/frame").status_code == 404


def test_incident_18_a_file_can_only_be_saved(site: Site) -> None:
    answer = site.get("/threads/4812/files/5ha")
    assert answer.content == b"%PDF-1.4 receipt"
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment; ")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]


def test_a_file_belongs_to_its_thread(site: Site) -> None:
    assert site.get("/threads/4799/files/5ha").status_code == 404


@pytest.mark.parametrize(
    "name",
    [
        'x"; filename="evil.html',
        "a\r\nSet-Cookie: a=b",
        "../../etc/passwd",
        "C:\\autoexec.bat",
        "gpj.\u202eexe.txt",
        "…",
        "",
        "\x00",
        "résumé 履歴書.pdf",
        "a" * 9000,
        "%00%0d%0a",
    ],
)
def test_a_name_cannot_break_out_of_its_header(site: Site, name: str) -> None:
    file = FileView(name, "text/html", 9, "5ha")
    item = Item(9, MORNING, "customer", "x", message="m9", files=(file,))
    site.village.records[4812].items = [item]
    answer = site.get("/threads/4812/files/5ha")
    header = answer.headers["content-disposition"]
    assert header.startswith('attachment; filename="')
    assert header.count('"') == 2
    assert len(header) < 2000
    assert not set("\r\n\x00\\/") & set(header)
    assert "set-cookie" not in answer.headers


def test_a_name_is_kept_in_its_own_letters() -> None:
    assert disposition("résumé.pdf") == (
        "attachment; filename=\"r_sum_.pdf\"; filename*=UTF-8''r%C3%A9sum%C3%A9.pdf"
    )
