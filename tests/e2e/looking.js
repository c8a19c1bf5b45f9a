// What looking.py asks of the page that is open. It stands beside axe, as `window.looking`.
(() => {
  const COLOURS = ["color-contrast", "link-in-text-block"];
  // axe leaves this rule of WCAG 2.2 AA out unless it is told otherwise.
  const ALSO = { "target-size": { enabled: true } };
  const WITHOUT_COLOURS = Object.fromEntries(COLOURS.map((rule) => [rule, { enabled: false }]));
  const FLOATS = "floats";
  const SHOWS_TEXT = "input, select, textarea";

  const violations = async (context, options) => {
    const results = await axe.run(context, { resultTypes: ["violations"], ...options });
    return results.violations.map(({ id, impact, nodes }) => {
      const places = nodes.slice(0, 3).map((node) => node.target.join(" "));
      return `${id} (${impact}) at ${places.join("; ")}`;
    });
  };

  // What lies behind an element, from the page up: every background, and whatever changes how it is seen.
  const makeBehind = () => {
    const known = new Map();
    const behind = (element) => {
      if (!element) return "";
      if (!known.has(element)) {
        const style = getComputedStyle(element);
        const own = [style.backgroundColor, style.backgroundImage, style.opacity, style.filter, style.mixBlendMode];
        const changes = own.join() === "rgba(0, 0, 0, 0),none,1,none,normal" ? "" : own.join();
        const floats = ["absolute", "fixed"].includes(style.position) ? FLOATS : "";
        known.set(element, [behind(element.parentElement), changes, floats].filter(Boolean).join("|"));
      }
      return known.get(element);
    };
    return behind;
  };

  const hasText = (element) =>
    element.matches(SHOWS_TEXT) ||
    [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());

  // Not what is kept for screen readers, or comes in only once it has the focus.
  const isSeen = (element) => {
    const box = element.getBoundingClientRect();
    const isOutside = box.width <= 1 || box.height <= 1 || box.right <= 0 || box.bottom <= 0;
    return !isOutside && element.checkVisibility({ visibilityProperty: true });
  };

  const lookOf = (element, behind) => {
    const style = getComputedStyle(element);
    const parts = [style.color, style.fontSize, style.fontWeight, style.textShadow, behind(element)];
    if (element.matches("a, [role=link]")) {
      const around = element.parentElement;
      const isInText = around.textContent.trim() !== element.textContent.trim();
      const mark = [style.textDecorationLine, style.borderBottomStyle, style.fontStyle];
      parts.push("link", isInText, ...mark, getComputedStyle(around).color, getComputedStyle(around).fontWeight);
    }
    return parts.join("/");
  };

  let looks = new Map();

  window.looking = {
    rulesButOfColours: () => violations(document, { rules: { ...ALSO, ...WITHOUT_COLOURS } }),

    // Each look that text has here; one and the same for all that floats over what is not its ancestor.
    looks: () => {
      const behind = makeBehind();
      looks = new Map();
      for (const element of document.body.querySelectorAll("*")) {
        if (!hasText(element) || !isSeen(element)) continue;
        const look = lookOf(element, behind);
        if (!look.includes(FLOATS)) looks.set(look, [element]);
        else looks.set(FLOATS, [...(looks.get(FLOATS) || []), element]);
      }
      return [...looks.keys()];
    },

    // axe on the elements with these looks, of which those that look alike have one to speak for them.
    rulesOfColours: (keys) => {
      const elements = keys.flatMap((key) => looks.get(key));
      return violations(elements, { runOnly: COLOURS });
    },

    // Where everything stands, but the icon that says which scheme it is.
    layout: () =>
      [...document.querySelectorAll("*:not([data-theme-toggle] *)")]
        .map((element) => {
          const box = element.getBoundingClientRect();
          return [box.x, box.y, box.width, box.height, element.checkVisibility({ visibilityProperty: true })];
        })
        .join(),

    excessWidth: () => document.documentElement.scrollWidth - window.innerWidth,

    // What moves though the visitor asked for less motion.
    moving: () =>
      [...document.querySelectorAll("*")]
        .filter((element) => {
          const style = getComputedStyle(element);
          return [style.transitionDuration, style.animationDuration].some((time) => /[1-9]/.test(time));
        })
        .map((element) => element.outerHTML.slice(0, 80)),
  };
})();
