// @ts-check
// The specification also shows what it was answered when it asked for itself.

import { follow } from './person.js';

const { reason } = await follow();
const box = document.querySelector('[data-verdict-box]');
const verdict = document.querySelector('[data-verdict]');
if (box && verdict) {
  verdict.textContent = reason;
  box.removeAttribute('hidden');
}
