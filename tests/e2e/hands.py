"""How a person works a page: with a pointer, or with the keyboard alone. Every touch is counted."""

from typing import Protocol

from playwright.sync_api import Locator, expect

MOST_TABS = 150  # further than any page's end from its start
SHOWS_FOCUS = """element => {
    const shown = node => {
        const style = getComputedStyle(node);
        return (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== "none";
    };
    return element.matches(":focus-visible") && (shown(element) || shown(element.parentElement));
}"""


class Hands(Protocol):
    """`touches` counts what a person would: a press, a tick, a field that was filled in."""

    touches: int

    def press(self, target: Locator) -> None:
        """A link or a button."""

    def tick(self, target: Locator) -> None:
        """A checkbox or a radio button that is not ticked yet."""

    def fill(self, target: Locator, text: str) -> None:
        """Type over what a field holds."""


class Pointer:
    """A mouse or a finger."""

    def __init__(self) -> None:
        self.touches = 0

    def press(self, target: Locator) -> None:
        self.touches += 1
        target.click()

    def tick(self, target: Locator) -> None:
        self.touches += 1
        target.check()

    def fill(self, target: Locator, text: str) -> None:
        self.touches += 1
        target.fill(text)


class Keyboard:
    """Tab, Space, Enter and arrows only. What has the focus must show that it has it."""

    def __init__(self) -> None:
        self.touches = 0

    def press(self, target: Locator) -> None:
        self._reach(target)
        target.page.keyboard.press("Enter")

    def tick(self, target: Locator) -> None:
        """A radio button is reached by its group, then by arrows."""
        keyboard = target.page.keyboard
        if target.get_attribute("type") != "radio":
            self._reach(target)
            keyboard.press("Space")
        else:
            group = target.page.locator(f"input[type=radio][name='{target.get_attribute('name')}']")
            self._reach(group)
            for _ in range(group.count()):
                if target.is_checked():
                    break
                keyboard.press("ArrowDown")
        expect(target).to_be_checked()

    def fill(self, target: Locator, text: str) -> None:
        self._reach(target)
        target.page.keyboard.press("ControlOrMeta+a")
        target.page.keyboard.insert_text(text)

    def _reach(self, target: Locator) -> None:
        """Go on by Tab until the target, or one of several, has the focus."""
        self.touches += 1
        expect(target.first).to_be_visible()
        for _ in range(MOST_TABS):
            if target.evaluate_all("elements => elements.includes(document.activeElement)"):
                focused = target.page.locator(":focus")
                assert focused.evaluate(SHOWS_FOCUS), (
                    f"nothing shows the focus of {focused.evaluate('e => e.outerHTML')}"
                )
                return
            target.page.keyboard.press("Tab")
        raise AssertionError(f"no Tab leads to {target}")
