/** @import { BrowserWindow } from './types.js' */
import { kept } from './kept.js';
import { tabs as tabsOf } from './tabs.js';
import { tokenApi } from './token_api.js';
import { tokenHolder } from './tokens.js';

/**
 * What the rungs of a public client work with; nothing for a site with a backend.
 * @param {Omit<import('./ladder.js').Context, 'options' | 'api' | 'tabs' | 'holder'>} parts
 * @param {typeof fetch} send
 * @param {() => void} changed called when another tab has got tokens, or these were closed
 * @returns {import('./ladder.js').Context | undefined}
 */
export function tokenContext(parts, send, changed) {
  const { window, settings } = parts;
  const { tokens: options, accounts, clientId } = settings;
  if (!options) return undefined;
  // Pages that ask another server, or for something else, have tokens of their own.
  const name = `vestibule.${clientId} ${accounts} ${options.scope.split(' ').sort().join(' ')}`;
  const tabs = tabsOf(window, name, (message) => {
    holder.hear(message);
    changed();
  });
  const api = tokenApi(settings, send);
  const holder = tokenHolder(settings, options, api, tabs, kept(window, `${name}.tokens`));
  return { ...parts, options, api, tabs, holder };
}

/** Listeners whose faults are their own. @template T @param {BrowserWindow} window */
export function listeners(window) {
  /** @type {Set<(value: T) => void>} */
  const all = new Set();
  return {
    /** @param {(value: T) => void} listener */
    add(listener) {
      all.add(listener);
      return () => { all.delete(listener); };
    },
    size: () => all.size,
    clear: () => all.clear(),
    /** @param {T} value */
    tell(value) {
      for (const listener of [...all]) {
        try {
          listener(value);
        } catch (error) {
          window.reportError(error);
        }
      }
    },
  };
}
