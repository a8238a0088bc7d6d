// @ts-check
// Where a sign-in ends that took a whole tab: the SDK goes on to the page that it was begun on.

import { showState } from './find.js';
import { sdk } from './sdk.js';

await sdk.completeRedirect();
showState('data-state', 'ended');
