import assert from 'node:assert/strict';
import test from 'node:test';
import { endedText, refusalText } from '../../../assets/demo/invoice_words.js';

test('every way in which a proof can fail has words of its own', () => {
  const reasons = [
    'canceled', 'conflict', 'denied_by_provider', 'expired', 'login_required', 'network', 'provider_unreachable',
    'wrong_account', 'something_new',
  ];
  const texts = reasons.map((reason) => endedText(reason).text);
  assert.equal(new Set(texts).size, reasons.length);
});

test('a page that names another account is told that nobody cares', () => {
  const own = { on_invoice: false, text: 'There is no proof.', named_another: false };
  assert.equal(refusalText(own), 'There is no proof.');
  assert.match(refusalText({ ...own, named_another: true }), /named another account.*There is no proof\.$/);
  assert.match(refusalText({ on_invoice: false }), /cannot be reached/);
});
