/**
 * The panel: while a person is needed, it fills the widget with who asks, for what, why and what to press; afterwards
 * the widget's own content is there again, as it was.
 *
 * @module
 */
import { pageStyle, panelStyle } from './panel_style.js';
import { panelContent, panelTexts, scopeLines } from './panel_words.js';

export { panelTexts };

/** @typedef {import('./panel_words.js').PanelState} PanelState */
/** @typedef {import('./panel_words.js').PanelAction} PanelAction */
/** @typedef {import('./panel_words.js').PanelTexts} PanelTexts */
/** @typedef {Window & typeof globalThis} BrowserWindow */

/**
 * - `name`: who asks;
 * - `scope`: what for, names apart by spaces;
 * - `texts`: in place of the English ones, see {@link panelTexts};
 * - `onAction`: called within the click.
 * @typedef {{ name?: string | undefined, scope?: string | undefined, texts?: Record<string, unknown> | undefined,
 *   onAction: (action: PanelAction | 'cancel') => void }} PanelOptions
 */

/** On the container while its other children are not shown. */
const COVERED = 'data-vestibule-panel';
const TEXT_NODE = 3;

/** @param {BrowserWindow} window @param {string} style */
function sheetOf({ CSSStyleSheet }, style) {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(style);
  return sheet;
}

/**
 * Hides the other children of a container and gives them back: no element is touched or moved, so that frames and
 * forms stay as they are. Bare text is emptied, and given back unless the page has written other text meanwhile.
 * @param {BrowserWindow} window
 * @param {Element} container
 */
function curtain(window, container) {
  const sheet = sheetOf(window, pageStyle);
  /** @type {Map<Text, string>} */
  const taken = new Map();
  return {
    draw() {
      const { adoptedStyleSheets: sheets } = /** @type {Document} */ (container.getRootNode());
      if (sheets && !sheets.includes(sheet)) sheets.push(sheet);
      container.setAttribute(COVERED, '');
      for (const node of /** @type {Iterable<Text>} */ (container.childNodes)) {
        if (node.nodeType === TEXT_NODE && node.data) {
          taken.set(node, node.data);
          node.data = '';
        }
      }
    },
    open() {
      container.removeAttribute(COVERED);
      for (const [text, data] of taken) text.data ||= data;
      taken.clear();
    },
  };
}

/**
 * The elements of the panel.
 * @param {BrowserWindow} window
 * @param {PanelOptions} options
 */
function build({ document }, { name, scope = '', texts: some, onAction }) {
  const texts = /** @type {PanelTexts} */ ({ ...panelTexts, ...some });
  /**
   * An element with one name for the style within and that of the page.
   * @param {string} tag
   * @param {string} part
   * @param {(Node | string)[]} children
   * @returns {HTMLElement}
   */
  const make = (tag, part, ...children) => {
    const element = Object.assign(document.createElement(tag), { className: part, part });
    element.append(...children);
    return element;
  };
  /** The name of who asks is kept apart from the direction of the words around it. @param {string} text */
  const words = (text) => (texts[text] ?? '').split(/({name})/).map((piece) => (
    piece === '{name}' ? make('bdi', 'name', name || texts.nameless) : piece
  ));

  const title = Object.assign(make('h2', 'title'), { tabIndex: -1 });
  const text = Object.assign(make('div', 'text'), { role: 'status' });
  const frame = make('div', 'frame', make('slot', ''));
  const actions = make('div', 'actions');
  const mark = make('div', 'mark');
  const panel = Object.assign(make('div', 'panel', mark, title, text, frame, actions), { lang: texts.lang, dir: 'auto' });

  /** @param {PanelState} state */
  const render = (state) => {
    const content = panelContent(state, texts);
    const lines = content.asks ? scopeLines(scope, texts) : [];
    const { number, href } = /** @type {{ number?: string, href?: string }} */ (state);
    mark.classList.toggle('pending', state.kind !== 'offer');
    title.replaceChildren(...words(content.title));
    text.replaceChildren(make('p', 'message', ...words(content.message ?? '')));
    if (number) text.append(make('p', 'box', ...words('number'), make('strong', 'number', number)));
    if (lines.length) text.append(make('div', 'box', ...words('asks'), ...lines.map((line) => make('p', 'scope', line))));
    frame.hidden = !content.frame;
    actions.replaceChildren(...content.controls.map((action, index) => Object.assign(
      make(action === 'open' ? 'a' : 'button', index || !content.prime ? 'button' : 'button primary', ...words(action)),
      action === 'open' ? { href, target: '_blank', rel: 'noopener' } : { onclick: () => onAction(/** @type {PanelAction} */ (action)) },
      { name: action },
    )));
  };
  return { panel, title, frame, render };
}

/**
 * Puts a panel into a container, hidden until it is shown. It stays there: a frame in its slot is never moved.
 * @param {BrowserWindow} window
 * @param {HTMLElement} container
 * @param {PanelOptions} options
 */
export function createPanel(window, container, options) {
  const { panel, title, frame, render } = build(window, options);
  const { draw, open } = curtain(window, container);
  const host = window.document.createElement('vestibule-panel');
  const frameSlot = window.document.createElement('div');
  const shadow = host.attachShadow({ mode: 'open' });
  shadow.adoptedStyleSheets = [sheetOf(window, panelStyle)];
  shadow.append(panel);
  host.hidden = true;
  host.append(frameSlot);
  container.append(host);

  /** What had the focus before the panel was there. @type {HTMLElement | null} */
  let before = null;
  const focused = () => /** @type {HTMLElement | null} */ (/** @type {Document} */ (host.getRootNode()).activeElement);

  return {
    frameSlot,
    /** Shows the panel, or another state of it. The focus is moved only where it would be lost. @param {PanelState} state */
    show(state) {
      if (host.parentNode !== container) container.append(host); // the page has thrown it out
      const active = focused();
      const lost = (host.hidden ? container : host).contains(active);
      if (host.hidden) before = lost ? active : null;
      const name = shadow.activeElement?.getAttribute('name');
      render(state);
      draw();
      host.hidden = false;
      if (lost && (frame.hidden || !frameSlot.contains(active))) {
        (/** @type {HTMLElement | null} */ (panel.querySelector(`[name=${name}]`)) ?? title).focus();
      }
    },
    /** Gives the container's content back, and the focus to where it was. */
    hide() {
      const lost = host.contains(focused());
      open();
      host.hidden = true;
      if (!lost) return;
      if (!before?.isConnected) {
        before = container;
        if (container.tabIndex < 0) container.tabIndex = -1;
      }
      before.focus();
    },
  };
}

/** @typedef {ReturnType<typeof createPanel>} Panel */
