// @ts-check
// A page that stands in for another one until somebody is signed in, and then makes way for it.

import { follow } from './person.js';

await follow(() => location.replace(location.href));
