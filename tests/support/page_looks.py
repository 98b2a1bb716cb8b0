"""What is right with any state of the page: rules of accessibility, and that all of it is within its window."""

from axe_playwright_python.sync_playwright import Axe

from support.tracker_page import TrackerPage


def assert_nothing_is_wrong(page: TrackerPage, phase: str) -> None:
    """axe finds nothing."""
    results = Axe().run(page.page)
    wrong = [f"{one['id']}: {one['help']}: {[node['html'] for node in one['nodes']]}" for one in results.response["violations"]]
    assert not wrong, f"{phase}: {wrong}"


def assert_fits(page: TrackerPage, phase: str) -> None:
    """Nothing is beyond the sides of the window."""
    width, wanted = page.page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert width <= wanted, phase
    beyond = page.page.evaluate(
        """() => [...document.querySelectorAll("main *:not(.visually-hidden)")].filter((each) => {
          const box = each.getBoundingClientRect();
          return box.width > 0 && box.height > 1 && (box.right > innerWidth + 0.5 || box.left < -0.5);
        }).map((each) => each.outerHTML.slice(0, 80))"""
    )
    assert not beyond, f"{phase}: {beyond}"
