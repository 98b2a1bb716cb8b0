"""Every link in the documentation leads somewhere, and every page can be found from its index."""

import pytest

from support.pages import DOCS, PAGES, anchors, links, named, text_of

LINKS = [(page, target) for page in PAGES for target in sorted(links(page.read_text(encoding="utf-8")))]


@pytest.mark.parametrize(("page", "target"), LINKS, ids=[f"{named(page)} -> {target}" for page, target in LINKS])
def test_a_link_leads_somewhere(page, target):
    path, _, anchor = target.partition("#")
    file = page.parent / path if path else page
    assert file.exists()
    if anchor:
        assert anchor in anchors(file.read_text(encoding="utf-8"))


def test_the_index_has_a_line_for_each_page():
    pages = {path.name for path in DOCS.glob("*.md")} - {"README.md"}
    assert {target for target in links(text_of("docs/README.md")) if "/" not in target} == pages
    for page in pages:
        assert f"- [{page}]({page}): " in text_of("docs/README.md")
