"""The changelog has a section for the version that this is."""

import re
import tomllib

from support.pages import text_of


def test_the_version_of_the_project_has_its_section_below_what_is_unreleased():
    sections = re.findall(r"^## \[(.+?)\](?: - (\d{4}-\d{2}-\d{2}))?$", text_of("CHANGELOG.md"), re.MULTILINE)
    assert sections[0] == ("Unreleased", "")
    version = tomllib.loads(text_of("pyproject.toml"))["project"]["version"]
    assert version in [name for name, _date in sections]
    assert all(date for _name, date in sections[1:])
