// @ts-check
/* Tab 'Tag': going from name to name, by keyboard or button, in the one merged text or in a side's. */

const tagWalk = (() => {
  const { otherSide } = wording;

  /** What can be walked: the marks of a text, and the first pair of each (null: filtered out). */
  function boxes() {
    const { root, places, marks, pairOf } = tagState.shown;
    if (tagState.view.name === "merged") {
      const box = dom.find(root, "[data-part=merged] .text");
      const pairs = places.map((place) => tagMerged.pairsAt(place)[0] || null);
      return [{ side: null, box, marks: places, pairs }];
    }
    return tagState.sides.map((side) => {
      const box = dom.find(root, `[data-part=split] [data-side="${side}"] .text`);
      return { side, box, marks: marks[side], pairs: pairOf[side] };
    });
  }

  /** The text that was walked last, or the first one. */
  function boxNow() {
    const all = boxes();
    return all.find(({ side }) => side === tagState.at?.side) || all[0];
  }

  /** One mark of each text is in the tab order; the arrow keys move which one it is. */
  function offerFirst() {
    for (const { box, marks, pairs } of boxes()) rove(box, marks[pairs.findIndex(Boolean)]);
  }

  /** @param {HTMLElement} box @param {HTMLElement | undefined} mark */
  function rove(box, mark) {
    box.querySelector('.e[tabindex="0"]')?.setAttribute("tabindex", "-1");
    mark?.setAttribute("tabindex", "0");
    // Without an entity the text itself takes the focus, so that it can be scrolled.
    box.tabIndex = mark ? -1 : 0;
  }

  /** @param {HTMLElement | undefined} mark */
  function focus(mark) {
    if (!mark || mark.dataset.kind === "off") return;
    rove(/** @type {HTMLElement} */ (mark.closest(".text")), mark);
    mark.focus({ preventScroll: true });
    mark.scrollIntoView({ block: "nearest" });
  }

  /** The mark of a pair in the view on show, on the side walked last if it can be. @param {Pair} pair */
  function markOf(pair) {
    const { places, placeOf, marks } = tagState.shown;
    const { side: last } = boxNow();
    const side = last && pair[last] ? last : pair.left ? "left" : "right";
    if (last === null) return places[placeOf[side][pair.at[side]]];
    return marks[side][pair.at[side]];
  }

  /** @param {number} number */
  function focusPair(number) {
    const pair = tagState.shown.pairs.find(({ index }) => index === number);
    if (!pair) return;
    focus(markOf(pair));
    // A place may hold several pairs.
    show([pair]);
  }

  /** The pairs that a mark stands for. @param {HTMLElement} mark @returns {Pair[]} */
  function pairsOf(mark) {
    if (mark.dataset.place !== undefined) return tagMerged.pairsAt(mark);
    const side = mark.closest('[data-side="right"]') ? "right" : "left";
    const pair = tagState.shown.pairOf[side][Number(mark.dataset.i)];
    return pair ? [pair] : [];
  }

  /** Tell of pairs below the text. @param {Pair[]} pairs */
  function show(pairs) {
    tagState.part("detail").replaceChildren(...tagMarks.detail(pairs));
  }

  /** Show what belongs to the mark that got the focus. @param {HTMLElement} mark */
  function notice(mark) {
    const [pair, ...more] = pairsOf(mark);
    if (!pair) return;
    const merged = mark.dataset.place !== undefined;
    const side = mark.closest('[data-side="right"]') && !merged ? "right" : "left";
    tagState.at = { side, pair };
    show([pair, ...more]);
    if (!merged) showTwin(side, pair);
    tagTable.markRow();
    tellPlace();
  }

  /** @param {Side} side @param {Pair} pair */
  function showTwin(side, pair) {
    const { root, marks } = tagState.shown;
    for (const old of root.querySelectorAll(".e.twin")) old.classList.remove("twin");
    const other = otherSide(side);
    const twin = pair[other] && marks[other][pair.at[other]];
    if (!twin) return;
    twin.classList.add("twin");
    dom.scrollInside(/** @type {Element} */ (twin.closest(".text")), twin);
  }

  /** @param {1 | -1} direction */
  function step(direction) {
    const { marks } = boxNow();
    const here = marks.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    let next = here + direction;
    while (marks[next]?.dataset.kind === "off") next += direction;
    focus(marks[next]);
  }

  /** To the same entity of the other side, or the nearest one. */
  function cross() {
    const { at, shown } = tagState;
    if (!at || !shown.data.right || tagState.view.name === "merged") return;
    const other = otherSide(at.side);
    const start = at.pair[at.side]?.start || 0;
    /** @param {Pair} pair */
    const distance = (pair) =>
      pair.index === at.pair.index ? -1 : Math.abs((pair[other]?.start || 0) - start);
    const [near] = shown.pairs
      .filter((pair) => pair[other])
      .sort((a, b) => distance(a) - distance(b));
    if (near) focus(shown.marks[other][near.at[other]]);
  }

  /** To the next pair that differs, around the end. @param {1 | -1} direction */
  function jump(direction) {
    const { at, shown } = tagState;
    const different = tagPairs.different(shown.pairs);
    if (!different.length) return;
    const here = at ? at.pair.index : direction > 0 ? -1 : Infinity;
    const ordered = direction > 0 ? different : [...different].reverse();
    const next = ordered.find((pair) => (pair.index - here) * direction > 0) || ordered[0];
    focus(markOf(next));
    if (!tagState.at) return;
    tagState.at.pair = next;
    tellPlace();
  }

  /** '2 of 5', or how many there are. */
  function tellPlace() {
    const place = tagState.partOfTwo("jump-place");
    if (!place) return;
    const different = tagPairs.different(tagState.shown.pairs);
    const index = different.findIndex((pair) => pair.index === tagState.at?.pair.index);
    place.textContent =
      index < 0
        ? wording.countOf(different.length, "difference", "differences")
        : `${index + 1} of ${different.length}`;
  }

  /** @param {boolean} last */
  function edge(last) {
    const { marks, pairs } = boxNow();
    focus(marks[last ? pairs.findLastIndex(Boolean) : pairs.findIndex(Boolean)]);
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
  };

  /** @param {Event} event */
  function markAt(event) {
    const mark = tagState.result && dom.closest(event, ".e");
    return mark && tagState.shown.root.contains(mark) ? mark : null;
  }

  document.addEventListener("focusin", (event) => {
    const mark = markAt(event);
    if (mark) notice(mark);
  });

  // Pointing shows the same for as long as it lasts, without moving the focus.
  document.addEventListener("mouseover", (event) => {
    const mark = markAt(event);
    if (mark) show(pairsOf(mark));
  });

  document.addEventListener("mouseout", (event) => {
    if (markAt(event) && tagState.at) show([tagState.at.pair]);
  });

  document.addEventListener("click", (event) => {
    const mark = markAt(event);
    if (mark && mark.dataset.kind !== "off") focus(mark);
  });

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !tagState.result) return;
    // Letters act only while an entity has the focus, so that they never surprise anyone.
    if (!dom.closest(event, ".e") || !KEYS[event.key]) return;
    event.preventDefault();
    KEYS[event.key]();
  });

  return { offerFirst, focusPair, jump, tellPlace };
})();
