// @ts-check
/* Elements: making them, finding them, and showing what the server sends. */

/**
 * What Gradio gives to the script of a component.
 * @typedef {{value: {html?: string, data?: string, ticket?: string} | null}} Props
 * @typedef {(name: "value", action: () => void) => void} Watch
 */

const dom = (() => {
  /**
   * An element with these properties, `data-` attributes and children; texts stay texts.
   * @template {keyof HTMLElementTagNameMap} Tag
   * @param {Tag} tag
   * @param {Partial<HTMLElementTagNameMap[Tag]> & {data?: Record<string, string>}} properties
   * @param {...(Node | string)} children
   * @returns {HTMLElementTagNameMap[Tag]}
   */
  function make(tag, { data = {}, ...properties } = {}, ...children) {
    const element = document.createElement(tag);
    Object.assign(element, properties);
    Object.assign(element.dataset, data);
    element.append(...children);
    return element;
  }

  /** @param {string} textContent */
  const cell = (textContent, className = "") => make("td", { textContent, className });

  /**
   * @param {string} textContent
   * @param {() => void} action
   * @param {Partial<HTMLButtonElement> & {data?: Record<string, string>}} [properties]
   */
  function button(textContent, action, properties = {}) {
    const made = make("button", { type: "button", textContent, ...properties });
    made.addEventListener("click", action);
    return made;
  }

  /**
   * A span marked in a text, as on every tab.
   * @param {string} textContent
   * @param {string} label
   * @param {string} className of the label's colour
   * @param {Record<string, string>} [data]
   */
  const mark = (textContent, label, className, data = {}) =>
    make("span", { className: `mark ${className}`, textContent, data: { l: label, ...data } });

  /**
   * The first element that fits; an error where there is none of this kind.
   * @template {Element} [Kind=HTMLElement]
   * @param {ParentNode} root
   * @param {string} selector
   * @param {new () => Kind} kind
   * @returns {Kind}
   */
  function find(root, selector, kind = /** @type {any} */ (HTMLElement)) {
    const element = root.querySelector(selector);
    if (element instanceof kind) return element;
    throw new Error(`The page has no ${kind.name} at ${selector}.`);
  }

  /**
   * @param {ParentNode} root
   * @param {string} selector
   * @returns {HTMLElement[]}
   */
  const findAll = (root, selector) =>
    [...root.querySelectorAll(selector)].filter((element) => element instanceof HTMLElement);

  /**
   * The element that an event happened in, or an element around it, that fits.
   * @param {Event} event
   * @param {string} selector
   * @returns {HTMLElement | null}
   */
  function closest(event, selector) {
    const found = event.target instanceof Element ? event.target.closest(selector) : null;
    return found instanceof HTMLElement ? found : null;
  }

  /**
   * Show each value that the server gives to an HTML component: its escaped markup at once, its
   * data (JSON, or nothing) by `show`.
   * @param {Element} element
   * @param {Props} props
   * @param {Watch} watch
   * @param {(root: HTMLElement, data: string) => void} show
   */
  function mount(element, props, watch, show) {
    const root = find(element, ".ner");
    const render = () => {
      const { html = "", data = "" } = props.value || {};
      root.innerHTML = html;
      setBusy(root, false);
      show(root, data);
    };
    watch("value", render);
    render();
  }

  /**
   * Until an answer is there, the old one fades.
   * @param {Element} root
   * @param {boolean} busy
   */
  function setBusy(root, busy) {
    if (busy) root.setAttribute("aria-busy", "true");
    else root.removeAttribute("aria-busy");
  }

  /**
   * Scroll `box` by itself, not the page, until `element` is to be seen.
   * @param {Element} box
   * @param {Element} element
   */
  function scrollInside(box, element) {
    const outer = box.getBoundingClientRect();
    const inner = element.getBoundingClientRect();
    if (inner.top < outer.top || inner.bottom > outer.bottom) {
      box.scrollTop += inner.top - outer.top - box.clientHeight / 3;
    }
  }

  return { make, cell, button, mark, find, findAll, closest, mount, setBusy, scrollInside };
})();
