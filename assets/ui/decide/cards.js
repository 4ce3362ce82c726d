// @ts-check
/* Tab 'Decide', without labels: what the two sides differ on, one card after the other. The answers
 * are kept in this browser, by texts and sides.
 */

/**
 * @typedef {[number, number, string, number]} CardSpan start, end, label, score
 * @typedef {0 | 1} SideNumber
 * @typedef {"left" | "right" | "both" | "neither"} Answer
 * @typedef {{answer: Answer, blind: boolean}} Judged
 * @typedef {{
 *   text: number, shown: [number, number], swapped: boolean,
 *   left: CardSpan | null, right: CardSpan | null,
 * }} Card
 * @typedef {{
 *   texts: string[], cards: Card[], classes: Record<string, string>, titles: string[],
 *   provenance: {sides: unknown, set: string},
 * }} CardData
 */

const cards = (() => {
  const PLACES = ["first", "second", "neither", "both"]; // Of keys 1 to 4.
  const STORE = "ner-judgements";
  /** @type {HTMLElement | null} */
  let root = null;
  /** @type {CardData | null} */
  let data = null;
  /** @type {Judged[]} of the first cards, in order */
  let answers = [];
  let blind = true;

  const key = () => JSON.stringify([data?.provenance.sides, data?.provenance.set]);

  /** @returns {Record<string, Judged[]>} */
  function stored() {
    try {
      return JSON.parse(localStorage.getItem(STORE) || "{}");
    } catch {
      return {};
    }
  }

  /** @param {HTMLElement} element @param {CardData | null} given */
  function open(element, given) {
    root = element;
    data = given?.cards?.length ? given : null;
    answers = data ? stored()[key()] || [] : [];
    show();
    if (answers.length) dom.press("judge-count");
  }

  /** @param {string} name */
  const part = (name) => dom.find(/** @type {HTMLElement} */ (root), `[data-part=${name}]`);

  /** @param {Card} card which side stands first; hidden sides are shuffled */
  const order = (card) => /** @type {SideNumber[]} */ (blind && card.swapped ? [1, 0] : [0, 1]);

  function show() {
    if (!root || !data) return;
    const card = data.cards[answers.length];
    const over = dom.make("p", { textContent: "That was the last one." });
    part("card").replaceChildren(...(card ? readings(data, card) : [over]));
    const [first, second] = blind ? ["First", "Second"] : ["A", "B"];
    const names = [`${first} is right`, `${second} is right`, "Neither is right", "Both are right"];
    root.querySelectorAll("[data-answer]").forEach((button, at) => {
      dom.find(button, "span").textContent = names[at];
      if (button instanceof HTMLButtonElement) button.disabled = !card;
    });
    const at = Math.min(answers.length + 1, data.cards.length);
    part("card-place").textContent = `Card ${at} of ${data.cards.length}`;
  }

  /** Both readings of the same words, one above the other. @param {CardData} known @param {Card} card */
  function readings(known, card) {
    return order(card).map((side, at) => {
      const span = side ? card.right : card.left;
      const called = blind ? ["First", "Second"][at] : `${"AB"[side]}, ${known.titles[side]}`;
      return dom.make(
        "div",
        { className: "reading" },
        dom.make("b", { textContent: called }),
        dom.make("span", { className: "text", dir: "auto" }, ...marked(known, card, span)),
        dom.make("span", { className: "small", textContent: span ? "" : "finds nothing here" }),
      );
    });
  }

  /** @param {CardData} known @param {Card} card @param {CardSpan | null} span */
  function marked(known, card, span) {
    const letters = [...known.texts[card.text]];
    const [begin, end] = card.shown;
    /** @param {number} from @param {number} to */
    const piece = (from, to) => letters.slice(from, to).join("");
    const [from, to, label] = span || [end, end, ""];
    const mark = span ? [dom.mark(piece(from, to), label, known.classes[label] || "")] : [];
    const [before, after] = [begin > 0 ? "… " : "", end < letters.length ? " …" : ""];
    return [before + piece(begin, from), ...mark, piece(to, end) + after];
  }

  /** @param {string} place */
  function answer(place) {
    const card = data?.cards[answers.length];
    if (!card) return;
    const names = /** @type {const} */ (["left", "right"]);
    const at = PLACES.indexOf(place);
    const given = at < 2 ? names[order(card)[at]] : /** @type {Answer} */ (place);
    answers.push({ answer: given, blind });
    changed();
  }

  function undo() {
    if (answers.pop()) changed();
  }

  function changed() {
    try {
      localStorage.setItem(STORE, JSON.stringify({ ...stored(), [key()]: answers }));
    } catch {
      // A browser that stores nothing only loses the answers at a reload.
    }
    show();
    if (answers.length) dom.press("judge-count");
    else part("standing").replaceChildren();
  }

  /** How often which answer was given, for the server to say where that leads. */
  function counted() {
    const counts = { left: 0, right: 0, both: 0, neither: 0 };
    for (const given of answers) counts[given.answer] += 1;
    const [left, right] = data?.titles || ["A", "B"];
    const names = left === right ? [`A, ${left}`, `B, ${right}`] : [left, right];
    return JSON.stringify({ ...counts, cards: data?.cards.length || 0, names });
  }

  /** @param {Element} element @param {Props} props @param {Watch} watch */
  function mountStanding(element, props, watch) {
    dom.mount(element, props, watch, (holder) => {
      if (!root || !data || !answers.length) return holder.replaceChildren();
      part("standing").replaceChildren(...holder.childNodes);
    });
  }

  /** The answers with their cards, a line of JSON each. */
  function save() {
    if (!data) return;
    const { cards: all, texts, provenance } = data;
    const lines = answers.map((given, at) => {
      const { text, left, right } = all[at];
      return `${JSON.stringify({ line: text + 1, text: texts[text], left, right, ...given, provenance })}\n`;
    });
    dom.save("judgements.jsonl", lines.join(""));
  }

  document.addEventListener("click", (event) => {
    const pressed = dom.closest(event, "#decided [data-answer], #decided [data-do]");
    if (!pressed || !data) return;
    const { answer: place, do: action } = pressed.dataset;
    if (place) answer(place);
    if (action === "undo") undo();
    if (action === "save-judgements") save();
  });

  document.addEventListener("change", (event) => {
    const box = dom.closest(event, "#decided [data-do=blind]");
    if (!(box instanceof HTMLInputElement)) return;
    blind = box.checked;
    show();
  });

  document.addEventListener("keydown", (event) => {
    if (!data || !root?.checkVisibility() || event.altKey) return;
    const { target } = event;
    const typed = "textarea, select, input:not([type=checkbox])";
    if (target instanceof HTMLElement && target.matches(typed)) return;
    const pressed = event.key.toLowerCase();
    const command = event.ctrlKey || event.metaKey;
    if (command ? pressed === "z" : pressed === "u") undo();
    else if (!command && /^[1-4]$/.test(pressed)) answer(PLACES[Number(pressed) - 1]);
    else return;
    event.preventDefault();
  });

  return { open, counted, mountStanding };
})();
