/**
 * To be replaced in the merge by the panel itself, with the same exports.
 *
 * @module
 */

/** @typedef {'popup' | 'storage_access' | 'redirect' | 'retry'} Action */
/**
 * @typedef {{ kind: 'offer', reason: string, actions: Action[], href?: string }
 *   | { kind: 'waiting', number: string, href: string, still: boolean } | { kind: 'busy' }} PanelState
 */

/** @type {Record<string, string>} */
export const panelTexts = {};

/**
 * @param {Window & typeof globalThis} window
 * @param {HTMLElement} container
 * @param {{ name?: string | undefined, scope?: string | undefined, texts?: Record<string, unknown> | undefined, onAction: (action: Action | 'cancel') => void }} options
 */
export function createPanel(window, container, { onAction }) {
  const element = window.document.createElement('div');
  const frameSlot = window.document.createElement('div');
  element.append(frameSlot);
  container.append(element);
  return {
    frameSlot,
    /** @param {PanelState} state */
    show(state) {
      element.replaceChildren(frameSlot);
      const actions = state.kind === 'offer' ? state.actions : /** @type {const} */ (['cancel']);
      for (const action of actions) {
        const button = window.document.createElement('button');
        button.textContent = action;
        button.addEventListener('click', () => onAction(action));
        element.append(button);
      }
    },
    hide() {
      element.replaceChildren(frameSlot);
    },
  };
}
