// @ts-check
/* Tab 'Tag': going from entity to entity, by keyboard or button. */

const tagWalk = (() => {
  const { otherSide } = wording;

  /**
   * One entity of a panel is in the tab order; the arrow keys move which one it is.
   * @param {Side} side
   * @param {number} index
   */
  function rove(side, index) {
    const { root, marks } = tagState.shown;
    const [panel] = dom.findAll(root, `.panel[data-side="${side}"] .text`);
    if (!panel) return;
    panel.querySelector('.e[tabindex="0"]')?.setAttribute("tabindex", "-1");
    const mark = marks[side][index];
    mark?.setAttribute("tabindex", "0");
    // Without an entity the text itself takes the focus, so that it can be scrolled.
    panel.tabIndex = mark ? -1 : 0;
  }

  /** @param {Side} side @param {number} index */
  function focus(side, index) {
    const { marks, pairOf } = tagState.shown;
    if (!pairOf[side][index]) return;
    rove(side, index);
    marks[side][index].focus({ preventScroll: true });
    marks[side][index].scrollIntoView({ block: "nearest" });
  }

  /** @param {number} number */
  function focusPair(number) {
    const pair = tagState.shown.pairs.find(({ index }) => index === number);
    if (!pair) return;
    const side = pair.left ? "left" : "right";
    focus(side, pair.at[side]);
  }

  /** Show what belongs to the entity that got the focus. @param {HTMLElement} mark */
  function notice(mark) {
    const { root, marks, pairOf } = tagState.shown;
    const side = mark.closest('.panel[data-side="right"]') ? "right" : "left";
    const index = Number(mark.dataset.i);
    const pair = pairOf[side][index];
    if (!pair) return;
    tagState.at = { side, index, pair };
    for (const old of root.querySelectorAll(".e.twin")) old.classList.remove("twin");
    const other = otherSide(side);
    if (pair[other]) {
      const twin = marks[other][pair.at[other]];
      twin.classList.add("twin");
      dom.scrollInside(/** @type {Element} */ (twin.closest(".text")), twin);
    }
    tagState.part("detail").replaceChildren(...tagMarks.detail(pair));
    tagTable.markRow();
  }

  /** @param {1 | -1} direction */
  function step(direction) {
    const { side, index } = tagState.at || { side: /** @type {Side} */ ("left"), index: -1 };
    const pairOf = tagState.shown.pairOf[side];
    let next = index + direction;
    while (next >= 0 && next < pairOf.length && !pairOf[next]) next += direction;
    focus(side, next);
  }

  /** To the same entity of the other side, or the nearest one. */
  function cross() {
    const { at, shown } = tagState;
    if (!at || !shown.data.right) return;
    const other = otherSide(at.side);
    const start = at.pair[at.side]?.start || 0;
    /** @param {Pair} pair */
    const distance = (pair) =>
      pair.index === at.pair.index ? -1 : Math.abs((pair[other]?.start || 0) - start);
    const [near] = shown.pairs
      .filter((pair) => pair[other])
      .sort((a, b) => distance(a) - distance(b));
    if (near) focus(other, near.at[other]);
  }

  /** To the next pair that differs, around the end. @param {1 | -1} direction */
  function jump(direction) {
    const { at, shown } = tagState;
    const different = tagPairs.different(shown.pairs);
    if (!different.length) return;
    const here = at ? at.pair.index : direction > 0 ? -1 : Infinity;
    const ordered = direction > 0 ? different : [...different].reverse();
    const next = ordered.find((pair) => (pair.index - here) * direction > 0) || ordered[0];
    const side = at && next[at.side] ? at.side : next.left ? "left" : "right";
    focus(side, next.at[side]);
  }

  /** @param {boolean} last */
  function edge(last) {
    const side = tagState.at ? tagState.at.side : "left";
    const pairOf = tagState.shown.pairOf[side];
    focus(side, last ? pairOf.findLastIndex(Boolean) : pairOf.findIndex(Boolean));
  }

  /** @type {Record<string, () => void>} */
  const KEYS = {
    ArrowRight: () => step(1),
    ArrowLeft: () => step(-1),
    ArrowDown: cross,
    ArrowUp: cross,
    Home: () => edge(false),
    End: () => edge(true),
    n: () => jump(1),
    p: () => jump(-1),
    Enter: () =>
      dom.find(tagState.part("entities"), ".scroll").scrollIntoView({ block: "nearest" }),
  };

  document.addEventListener("focusin", (event) => {
    const mark = tagState.result && dom.closest(event, ".e");
    if (mark && tagState.shown.root.contains(mark)) notice(mark);
  });

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !tagState.result) return;
    // Letters act only while an entity has the focus, so that they never surprise anyone.
    if (!dom.closest(event, ".e") || !KEYS[event.key]) return;
    event.preventDefault();
    KEYS[event.key]();
  });

  return { rove, focusPair, jump };
})();
