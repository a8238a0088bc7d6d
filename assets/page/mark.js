/**
 * On every page of the accounts server: if this browser's session is not the one it was last seen with, the
 * bridges that are open in other pages are told to ask again.
 *
 * @module
 */
import { announceMark } from '../bridge/bridge.js';

const { mark } = document.documentElement.dataset;
if (mark !== undefined) announceMark(window, mark);
