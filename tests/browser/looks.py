"""What is asked of every page."""

from typing import Any

from tests.browser.chromium import Tab

DESKTOP, PHONE = 1200, 375
UNFOLDED = "[...document.querySelectorAll('details')]"
STOPS = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']"
FOCUSED = """(() => {
  const found = document.activeElement, style = getComputedStyle(found), box = found.getBoundingClientRect();
  return {
    name: found.tagName, text: found.innerText || found.name || '', target: found.getAttribute('href') || '',
    outlined: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2,
    seen: box.width > 1 && box.height > 1 && box.right > 0 && box.left < innerWidth,
  };
})()"""


async def barriers(tab: Tab, axe: str) -> list[dict[str, Any]]:
    """What axe-core finds on the page that is open, small details unfolded."""
    await tab.call("Runtime.evaluate", expression=axe)
    await tab.ask(f"{UNFOLDED}.filter(one => one.querySelectorAll('tr').length < 50).forEach(one => one.open = true)")
    found: list[dict[str, Any]] = await tab.ask(
        "axe.run({resultTypes: ['violations']}).then(told => told.violations.map(one => "
        "({id: one.id, impact: one.impact, places: one.nodes.map(node => node.target + ': ' + node.failureSummary)})))"
    )
    return found


async def walk(tab: Tab) -> tuple[list[str], list[str]]:
    """The stops that the page has, and those at which the keyboard was seen to be, in order.

    Raises:
        AssertionError: at one of them nobody sees where the keyboard is.
    """
    stops = await tab.ask(
        f'[...document.querySelectorAll("{STOPS}")].filter(one => one.checkVisibility()).map(one => one.tagName)'
    )
    met = []
    for _ in stops:
        await tab.tab()
        focused = await tab.ask(FOCUSED)
        assert focused["seen"], focused
        assert focused["outlined"], focused
        met.append(focused["name"])
    return stops, met
