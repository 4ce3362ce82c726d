// @ts-check
/* Tab 'Evaluate', with gold: a number opens the sentences behind it. */

/**
 * A side of a decision is [start, end, label, buckets]; a decision [sentence, gold, found, kind of
 * error, does it change between the models].
 * @typedef {[number, number, string, string[]]} DecisionSide
 * @typedef {[number, DecisionSide | null, DecisionSide | null, string | null, boolean]} Decision
 * @typedef {{side: string, name: string, decisions: Decision[]}} EvaluatedSide
 *
 * What stands behind a number: `*` is any label, `O` none.
 * @typedef {{
 *   side: string, gold?: string, found?: string, label?: string, error?: string, changed?: boolean,
 *   bucket?: string,
 * }} Query
 *
 * @typedef {{
 *   kind: "gold", sentences: string[], classes: Record<string, string>, sides: EvaluatedSide[],
 *   files: Record<string, string>,
 * }} GoldData
 */

const decisions = (() => {
  const AT_ONCE = 25; // Sentences that are opened at once, and more on request.
  const GOLD = "Gold";

  /** @param {string} wanted @param {DecisionSide | null} side */
  const fits = (wanted, side) =>
    wanted === "*" ? side !== null : wanted === "O" ? side === null : side?.[2] === wanted;

  /** @param {Query} query @param {Decision} decision */
  function matches(query, [, gold, found, error, changed]) {
    const { label } = query;
    return (
      (query.gold === undefined || fits(query.gold, gold)) &&
      (query.found === undefined || fits(query.found, found)) &&
      (label === undefined || fits(label, gold) || fits(label, found)) &&
      (!query.error || (query.error === "wrong" ? error !== null : error === query.error)) &&
      (!query.changed || changed) &&
      (query.bucket === undefined || sidesAsked(query, gold, found).some(inBucket(query.bucket)))
    );
  }

  /**
   * A bucket is that of the side asked for; of either, where none is.
   * @param {Query} query
   * @param {DecisionSide | null} gold
   * @param {DecisionSide | null} found
   */
  function sidesAsked(query, gold, found) {
    if (query.found !== undefined) return [found];
    return query.gold !== undefined ? [gold] : [gold, found];
  }

  /** @param {string} bucket @returns {(side: DecisionSide | null) => boolean} */
  const inBucket = (bucket) => (side) => side?.[3].includes(bucket) === true;

  /** @param {HTMLElement} root @param {GoldData} data @param {HTMLElement} button */
  function toggle(root, data, button) {
    const open = button.getAttribute("aria-expanded") === "true";
    close(root);
    if (open) return;
    button.setAttribute("aria-expanded", "true");
    /** @type {Query} */
    const query = JSON.parse(button.dataset.open || "{}");
    const side = data.sides.find((candidate) => candidate.side === query.side);
    const found = (side?.decisions || []).filter((decision) => matches(query, decision));
    const shut = dom.button("Close", () => {
      close(root);
      button.focus();
    });
    const behind = panel(data, button.getAttribute("aria-label") || "", found, shut);
    button.closest("section")?.append(behind);
    dom.find(behind, "h3").focus();
    behind.scrollIntoView({ block: "nearest" });
  }

  /**
   * @param {GoldData} data
   * @param {string} name
   * @param {Decision[]} found
   * @param {HTMLElement} shut
   */
  function panel(data, name, found, shut) {
    /** @type {Map<number, Decision[]>} */
    const bySentence = new Map();
    for (const decision of found) {
      bySentence.set(decision[0], [...(bySentence.get(decision[0]) || []), decision]);
    }
    const entities = wording.countOf(found.length, "entity", "entities");
    const sentences = wording.countOf(bySentence.size, "sentence", "sentences");
    const title = `${name}: ${entities} in ${sentences}`;
    const heading = dom.make("h3", { textContent: title, tabIndex: -1 });
    const list = dom.make("ol", { className: "sentences" });
    /** @param {[number, Decision[]]} entry */
    const item = ([sentence, behind]) => sentenceItem(data, sentence, behind);
    const more = rows.onRequest(list, [...bySentence], item, AT_ONCE);
    const bar = dom.make("div", { className: "bar-of-behind" }, heading, shut);
    return dom.make("div", { className: "behind" }, bar, list, more);
  }

  /** @param {HTMLElement} root */
  function close(root) {
    for (const behind of dom.findAll(root, ".behind")) behind.remove();
    for (const button of dom.findAll(root, '[aria-expanded="true"]')) {
      button.setAttribute("aria-expanded", "false");
    }
  }

  /**
   * One sentence: gold and each side, those that are alike on one line.
   * @param {GoldData} data
   * @param {number} sentence
   * @param {Decision[]} behind
   */
  function sentenceItem(data, sentence, behind) {
    /** @type {Map<string, {names: string[], spans: DecisionSide[]}>} */
    const versions = new Map();
    for (const { name, spans } of versionsOf(data, sentence)) {
      const key = JSON.stringify(spans.map(keyOf));
      const version = versions.get(key) || { names: [], spans };
      version.names.push(name);
      versions.set(key, version);
    }
    const asked = new Set(behind.flatMap(([, gold, found]) => [gold, found].flatMap(keyOrNone)));
    const lines = [...versions.values()].map(({ names, spans }) => {
      const nodes = marked(data, data.sentences[sentence], spans, asked);
      const text = dom.make("span", { className: "text", dir: "auto" }, ...nodes);
      return dom.make("div", {}, dom.make("b", { textContent: names.join(", ") }), text);
    });
    return dom.make("li", { value: sentence + 1 }, ...lines);
  }

  /** @param {DecisionSide} span */
  const keyOf = ([start, end, label]) => `${start} ${end} ${label}`;

  /** @param {DecisionSide | null} span */
  const keyOrNone = (span) => (span ? [keyOf(span)] : []);

  /** @param {GoldData} data @param {number} sentence */
  function versionsOf({ sides }, sentence) {
    /** @param {Decision[]} all @param {1 | 2} at */
    const spans = (all, at) =>
      all
        .filter((decision) => decision[0] === sentence)
        .flatMap((decision) => (decision[at] ? [decision[at]] : []))
        .sort((a, b) => a[0] - b[0]);
    return [
      { name: GOLD, spans: spans(sides[0].decisions, 1) },
      ...sides.map((side) => ({ name: side.name, spans: spans(side.decisions, 2) })),
    ];
  }

  /**
   * A text as nodes, its spans marked; those that were asked for stand out.
   * @param {GoldData} data
   * @param {string} text
   * @param {DecisionSide[]} spans
   * @param {Set<string>} asked
   */
  function marked(data, text, spans, asked) {
    const letters = [...text];
    let position = 0;
    const nodes = spans.flatMap((span) => {
      const [start, end, label] = span;
      const before = letters.slice(position, start).join("");
      position = end;
      const className = `${data.classes[label] || ""}${asked.has(keyOf(span)) ? " chosen" : ""}`;
      return [before, dom.mark(letters.slice(start, end).join(""), label, className)];
    });
    return [...nodes, letters.slice(position).join("")];
  }

  return { toggle };
})();
