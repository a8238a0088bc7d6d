// @ts-check
// A page that follows who is signed in, and has nothing else to do.

import { follow } from './person.js';

await follow();
