"""The pages of documentation as tests read them: text, blocks of code, tables, headings and links."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(
    [
        *(ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")),
        *DOCS.glob("*.md"),
        *(ROOT / "deploy").rglob("*.md"),
        ROOT / "plugins" / "template" / "README.md",
    ]
)


def named(path: Path) -> str:
    """A page's path from the top of the repository, for the names of tests."""
    return path.relative_to(ROOT).as_posix()


def text_of(page: str) -> str:
    """The text of a page, by its path from the top of the repository."""
    return (ROOT / page).read_text(encoding="utf-8")


def blocks(text: str, language: str = "") -> list[str]:
    """All blocks of code of a language; without one, of those that name none."""
    return [code for name, code in re.findall(r"^ *```(\w*)\n(.*?)^ *```$", text, re.DOTALL | re.MULTILINE) if name == language]


def block(text: str, language: str, containing: str) -> str:
    """The one block of code of a language in which ``containing`` stands."""
    (found,) = [each for each in blocks(text, language) if containing in each]
    return found


def without_code(text: str) -> str:
    """The text without its blocks of code."""
    return re.sub(r"^ *```.*?^ *```$", "", text, flags=re.DOTALL | re.MULTILINE)


def section(text: str, heading: str) -> str:
    """What stands below a heading, up to the next heading of any level."""
    code = [(match.start(), match.end()) for match in re.finditer(r"^ *```.*?^ *```$", text, re.DOTALL | re.MULTILINE)]
    found = [match for match in re.finditer(r"^#+ (.*)$", text, re.MULTILINE) if not any(a < match.start() < b for a, b in code)]
    (index,) = [number for number, match in enumerate(found) if match[1] == heading]
    return text[found[index].end() : found[index + 1].start() if index + 1 < len(found) else None]


def rows(text: str) -> list[list[str]]:
    """The cells of all rows of tables, without their headings."""
    lines = re.sub(r"^\|.*\|\n(?=\| *---)", "", text, flags=re.MULTILINE).splitlines()
    found = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    return [cells for cells in found if set(cells) != {"---"}]


def anchors(text: str) -> set[str]:
    """The anchors of the headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", without_code(text), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links(text: str) -> set[str]:
    """The targets of all links and pictures that lead to a place in the repository."""
    return set(re.findall(r"\]\((?!https?:)([^)\s]+)\)", without_code(text)))


def as_written(value: object) -> str:
    """A default value as tables of settings write it, without its quotes."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list):
        return str(value).replace("'", '"')
    return str(value)
