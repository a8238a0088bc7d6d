// @ts-check
// The page that a widget's own window comes back to: it tells the widget, and closes.

window.opener?.popupCompleted?.();
setTimeout(() => window.close(), 200);
