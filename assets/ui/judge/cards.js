// @ts-check
/* Tab 'Judge': a card, drawn; and the answers, written to files. */

/**
 * @typedef {[number, number, string, number]} JudgeSpan start, end, label, score
 * @typedef {"left" | "right" | "both" | "neither"} Answer
 * @typedef {{answer: Answer, blind: boolean}} Judged
 * @typedef {{
 *   text: number, shown: [number, number], swapped: boolean, kind: Kind,
 *   left: JudgeSpan | null, right: JudgeSpan | null,
 * }} JudgeCard
 * @typedef {{
 *   texts: string[], cards: JudgeCard[], classes: Record<string, string>,
 *   titles: Record<Side, string>, provenance: Record<string, unknown>, example: boolean,
 * }} JudgeData
 */

const judgeCards = (() => {
  /** In the order of the buttons. @type {Side[]} */
  const STRAIGHT = ["left", "right"];

  /**
   * Which side stands first; hidden sides are shuffled, so that nobody learns them by place.
   * @param {JudgeCard} card
   * @param {boolean} blind
   */
  const order = (card, blind) => (blind && card.swapped ? [...STRAIGHT].reverse() : STRAIGHT);

  /**
   * @param {JudgeData} data
   * @param {boolean} blind
   */
  const names = (data, blind) =>
    blind ? ["First", "Second"] : STRAIGHT.map((side, at) => `${"AB"[at]}, ${data.titles[side]}`);

  /**
   * Both readings of the same words, one above the other.
   * @param {JudgeData} data
   * @param {JudgeCard} card
   * @param {boolean} blind
   */
  function readings(data, card, blind) {
    const called = names(data, blind);
    return order(card, blind).map((side, at) =>
      dom.make(
        "div",
        { className: "reading" },
        dom.make("b", { textContent: called[at] }),
        dom.make("span", { className: "text", dir: "auto" }, ...marked(data, card, card[side])),
        dom.make("span", {
          className: "small",
          textContent: card[side] ? "" : "finds nothing here",
        }),
      ),
    );
  }

  /** @param {JudgeData} data @param {JudgeCard} card @param {JudgeSpan | null} span */
  function marked(data, card, span) {
    const letters = [...data.texts[card.text]];
    const [begin, end] = card.shown;
    const before = begin > 0 ? "… " : "";
    const after = end < letters.length ? " …" : "";
    /** @param {number} from @param {number} to */
    const part = (from, to) => letters.slice(from, to).join("");
    if (!span) return [before, part(begin, end), after];
    const [from, to, label] = span;
    const mark = dom.mark(part(from, to), label, data.classes[label] || "");
    return [before, part(begin, from), mark, part(to, end), after];
  }

  /** @param {JudgeData} data @param {JudgeCard} card @param {Side} side */
  function entity({ texts }, card, side) {
    const span = card[side];
    if (!span) return null;
    const [start, end, label, score] = span;
    return { start, end, text: [...texts[card.text]].slice(start, end).join(""), label, score };
  }

  /**
   * Each answer with its card, by the sides and not by their places.
   * @param {JudgeData} data
   * @param {Judged[]} answers
   */
  const records = (data, answers) =>
    answers.map(({ answer, blind }, index) => {
      const card = data.cards[index];
      const [left, right] = STRAIGHT.map((side) => entity(data, card, side));
      return { line: card.text + 1, text: data.texts[card.text], left, right, answer, blind };
    });

  /** @param {JudgeData} data @param {Judged[]} answers */
  const json = (data, answers) =>
    records(data, answers)
      .map((record) => `${JSON.stringify({ ...record, provenance: data.provenance })}\n`)
      .join("");

  /** @param {JudgeData} data @param {Judged[]} answers */
  function table(data, answers) {
    const head = STRAIGHT.flatMap((side) =>
      ["start", "end", "label", "score", "text"].map((column) => `${side}_${column}`),
    );
    const rows = records(data, answers).map((record) => [
      ...[record.line, record.answer, String(record.blind)],
      ...STRAIGHT.flatMap((side) => {
        const found = record[side];
        if (!found) return ["", "", "", "", ""];
        return [found.start, found.end, found.label, found.score, found.text];
      }),
      ...[record.text, JSON.stringify(data.provenance)],
    ]);
    return csv.write([["line", "answer", "blind", ...head, "context", "provenance"], ...rows]);
  }

  return { order, names, readings, json, table };
})();
