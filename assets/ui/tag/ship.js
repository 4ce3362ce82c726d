// @ts-check
/* Tab 'Tag': whether B will do for texts like these, by the entities seen while this page is open.
 *
 * As in tab Evaluate without gold: F1 of B's entities against A's, and 95 % of it asked for. Texts
 * count as long as neither a side nor a setting changes; a text that is typed on takes its own place.
 */

const tagShip = (() => {
  const FLOOR = 0.95;
  // With fewer entities a loss of 5 % may not have been met at all: 3 / 0.05, as in tab Evaluate.
  const FEWEST = 60;
  // Of the normal distribution, for 95 % between both.
  const Z = 1.96;
  // More entities than this nobody pastes.
  const MOST = 5000;
  /** @typedef {{same: number, pairs: number, entities: number}} Seen */
  /** What was seen of each text. @type {Map<string, Seen>} */
  const texts = new Map();
  /** What the texts were tagged with, as they were counted. */
  let basis = "";
  let last = "";

  /** Take in the result on show. */
  function update() {
    const { data, pairs } = tagState.shown;
    if (!data.right) return;
    const { hidden, threshold } = tagState.filter;
    const now = JSON.stringify([data.settings, [...hidden].sort(), threshold]);
    if (now !== basis) texts.clear();
    else if (tagAsk.typed) texts.delete(last);
    basis = now;
    last = data.text;
    const count = (/** @type {Side} */ side) => pairs.filter((pair) => pair[side]).length;
    const same = pairs.length - tagPairs.different(pairs).length;
    texts.set(last, { same, pairs: pairs.length, entities: count("left") + count("right") });
    show();
  }

  function total() {
    const sum = { same: 0, pairs: 0, entities: 0 };
    for (const seen of texts.values()) {
      sum.same += seen.same;
      sum.pairs += seen.pairs;
      sum.entities += seen.entities;
    }
    return sum;
  }

  /**
   * The Wilson score interval of a share of n.
   * @param {number} share
   * @param {number} n
   */
  function interval(share, n) {
    const middle = share + (Z * Z) / (2 * n);
    const reach = Z * Math.sqrt((share * (1 - share)) / n + (Z * Z) / (4 * n * n));
    const scale = 1 + (Z * Z) / n;
    return { low: (middle - reach) / scale, high: Math.min(1, (middle + reach) / scale) };
  }

  /** How many entities would settle it if they went on like this; Infinity if too many. @param {number} share */
  function needed(share) {
    for (let n = FEWEST; n <= MOST; n += 10) {
      const { low, high } = interval(share, n);
      if (low >= FLOOR || high < FLOOR) return n;
    }
    return Infinity;
  }

  /** @param {number} share */
  const percent = (share) => (100 * share).toFixed(1);

  /** The verdict on all texts so far: its answer, and why. */
  function verdict() {
    const { same, pairs, entities } = total();
    const state = "open";
    if (!pairs) return { state, answer: "NOT YET", why: "no name was seen so far." };
    const share = (2 * same) / entities;
    const { low, high } = interval(share, entities / 2);
    const asked = `${percent(FLOOR).replace(".0", "")} %`;
    const found = `agreement F1 ${percent(share)} % [${percent(low)}–${percent(high)}], ${asked} asked for`;
    const names = wording.countOf(pairs, "entity", "entities");
    const enough = pairs >= FEWEST;
    if (enough && low >= FLOOR)
      return { state: "yes", answer: "YES", why: `${names} seen; ${found}` };
    if (enough && high < FLOOR)
      return { state: "no", answer: "NO", why: `${names} seen; ${found}` };
    const about = needed(share);
    const seen =
      about === Infinity
        ? `${names} seen, too close to ${asked} to be settled`
        : `${pairs.toLocaleString("en")} of about ${about.toLocaleString("en")} entities seen`;
    return { state, answer: "NOT YET", why: `${seen}; ${found}` };
  }

  /** What the verdict holds for. */
  const ground = () =>
    `${wording.countOf(texts.size, "text", "texts")} tagged on this page with these sides and settings. ` +
    "Agreement is not accuracy: labelled data tells that.";

  function show() {
    const box = tagState.partOfTwo("ship");
    if (!box) return;
    const { state, answer, why } = verdict();
    box.dataset.state = state;
    tagState.part("ship-answer").textContent = answer;
    tagState.part("ship-why").textContent = why;
    tagState.part("ship-basis").textContent = ground();
  }

  /** The verdict with all that it depends on, as text. */
  function written() {
    const { data } = tagState.shown;
    const { answer, why } = verdict();
    const { hidden, threshold } = tagState.filter;
    const labels = Object.keys(data.labels).filter((label) => !hidden.has(label));
    return [
      `Can B be shipped for my text? ${answer}: ${why}`,
      ground(),
      ...wording.SIDES.map((side) => `${data.titles[side]}: ${JSON.stringify(data.origins[side])}`),
      `Threshold ${threshold}, labels ${labels.join(", ")}`,
      JSON.stringify(data.provenance),
    ].join("\n");
  }

  return { update, written };
})();
