// @ts-check
/* Tab 'Tag': one text with both results. A place where the two differ shows what each says there. */

const tagMerged = (() => {
  const LETTERS = { left: "A", right: "B" };

  /** Find the places, and which place each entity is in. @param {TagResult} shown */
  function collect(shown) {
    shown.places = dom.findAll(shown.root, "[data-part=merged] .e");
    shown.members = shown.places.map((place, at) => {
      place.dataset.place = String(at);
      return chips(place).map((chip) => {
        const [side, index] = [sideOf(chip), Number(chip.dataset.i)];
        shown.placeOf[side][index] = at;
        return { side, index };
      });
    });
  }

  /** @param {HTMLElement} place */
  const chips = (place) => dom.findAll(place, "i[data-i]");

  /** @param {HTMLElement} chip @returns {Side} */
  const sideOf = (chip) => (chip.dataset.side === "right" ? "right" : "left");

  /** The pairs at a place, in order. @param {HTMLElement} place @returns {Pair[]} */
  function pairsAt(place) {
    const { pairOf, members } = tagState.shown;
    const found = members[Number(place.dataset.place)].flatMap(
      ({ side, index }) => pairOf[side][index] || [],
    );
    return [...new Set(found)].sort((a, b) => a.index - b.index);
  }

  /** Dress every place for what the filter leaves. */
  function dress() {
    for (const place of tagState.shown.places) dressPlace(place, pairsAt(place));
  }

  /** @param {HTMLElement} place @param {Pair[]} pairs */
  function dressPlace(place, pairs) {
    const differs = pairs.some((pair) => pair.kind !== "same");
    const state = !pairs.length ? "off" : differs ? "differs" : "same";
    const said = pairs.map((pair) => `${pair.index}${pair.kind}`).join();
    // Written only where something changes: a slider moves through thousands of places.
    if (place.dataset.said === said) return;
    place.dataset.said = said;
    place.dataset.kind = state;
    for (const chip of dom.findAll(place, "i:not([data-i])")) chip.remove();
    for (const chip of chips(place)) dressChip(chip, differs);
    if (state === "off") return strip(place);
    const [first] = pairs;
    place.className = state === "same" ? `e ${classOf(tagPairs.first(first))}` : "e";
    if (differs && tagState.shown.data.right) addMissing(place, pairs);
    place.setAttribute("role", "button");
    place.setAttribute("tabindex", "-1");
    place.setAttribute("aria-label", spoken(pairs));
  }

  /** @param {Entity} entity */
  const classOf = (entity) => tagState.shown.data.labels[entity.label].class;

  /** @param {HTMLElement} place */
  function strip(place) {
    for (const name of ["role", "tabindex", "aria-label"]) place.removeAttribute(name);
  }

  /** Where both say the same, it is said once. @param {HTMLElement} chip @param {boolean} differs */
  function dressChip(chip, differs) {
    const side = sideOf(chip);
    const pair = tagState.shown.pairOf[side][Number(chip.dataset.i)];
    const entity = pair?.[side];
    chip.hidden = !entity || (!differs && side === "right");
    if (!entity) return;
    if (differs) {
      chip.dataset.letter = LETTERS[side];
      chip.dataset.score = entity.score.toFixed(2);
    } else {
      delete chip.dataset.letter;
      delete chip.dataset.score;
    }
  }

  /** A side that says nothing at a place says why. @param {HTMLElement} place @param {Pair[]} pairs */
  function addMissing(place, pairs) {
    for (const side of wording.SIDES) {
      if (pairs.some((pair) => pair[side])) continue;
      const data = { side, letter: LETTERS[side], l: tagPairs.missing(pairs[0], side) };
      const chip = dom.make("i", { className: "missing", data });
      const first = place.querySelector("i");
      if (side === "left" && first) first.before(chip);
      else place.append(chip);
    }
  }

  /** @param {Pair[]} pairs */
  function spoken(pairs) {
    const { data } = tagState.shown;
    /** @param {Entity} entity */
    const label = (entity) => data.labels[entity.label].name || entity.label;
    return pairs
      .map((pair) => {
        const entity = tagPairs.first(pair);
        if (!data.right) return `${entity.text}, ${label(entity)}, ${entity.score.toFixed(2)}`;
        if (pair.kind === "same") return `${entity.text}, ${label(entity)}, same in both`;
        const sides = wording.SIDES.map((side) => {
          const its = pair[side];
          if (!its) return `${LETTERS[side]} ${tagPairs.missing(pair, side)}`;
          const spelled = its.text === entity.text ? "" : `${its.text}, `;
          return `${LETTERS[side]} ${spelled}${label(its)} ${its.score.toFixed(2)}`;
        });
        return `${entity.text}: ${sides.join("; ")}`;
      })
      .join("; ");
  }

  return { LETTERS, collect, dress, pairsAt };
})();
