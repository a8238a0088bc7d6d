/**
 * How the panel looks. As style sheets that a script constructs, these work under any Content-Security-Policy.
 *
 * Light or dark follows the `color-scheme` of the page at that place: greys are see-through, the rest has two
 * values, and the accent colour is made dark or light enough to be read. A browser that does not know these
 * functions yet shows the panel in the colours of the page.
 *
 * @module
 */

/**
 * For the document around: the other children of a covered container are not shown, whatever the page's style says
 * (important rules in a layer come before all others), and a frame in the slot is one button high.
 */
export const pageStyle = `@layer vestibule{[data-vestibule-panel]>:not(vestibule-panel){display:none!important}
vestibule-panel iframe{display:block!important;width:100%!important;height:44px!important;border:0!important}}`;

/** Within the panel. Each class but `pending` is a `part`, too. */
export const panelStyle = `:host{display:grid!important;flex:1;grid-area:1/1/-1/-1;min-width:0;min-height:100%}
[hidden],:host([hidden]){display:none!important}
*{box-sizing:border-box;margin:0}
.panel{all:initial;color-scheme:inherit;
--c:var(--vestibule-accent,#106863);--a:light-dark(oklch(from var(--c) min(l,.47) min(c,.2) h),oklch(from var(--c) max(l,.79) min(c,.13) h));
--b:var(--vestibule-surface,light-dark(#fffefc,#1a1e21));
display:grid;grid-template-columns:minmax(0,26em);place-content:center;gap:1em;padding:2em max(1em,5%);
border:1px solid #8884;border-radius:var(--vestibule-radius,1em);
background:radial-gradient(22em 18em at top,color-mix(in srgb,var(--a) 14%,var(--b)),var(--b));
color:var(--vestibule-ink,light-dark(#1f2426,#e9e7e2));
font:medium/1.5 var(--vestibule-font,system-ui,sans-serif);
text-align:center;text-wrap:balance;overflow-wrap:anywhere}
.mark{justify-self:center;width:.5em;height:1.4em;margin-top:.5em;border-radius:1em 1em 0 0;background:var(--a);
box-shadow:0 0 0 .25em var(--b),0 0 0 .5em color-mix(in srgb,var(--a) 62%,var(--b)),0 0 0 .75em var(--b),0 0 0 1em color-mix(in srgb,var(--a) 34%,var(--b));
clip-path:inset(-1em -1em 0)}
.title{font-size:1.25em;line-height:1.25;outline:0}
.message{margin-top:-.5em;opacity:.8}
.box{margin-top:1em;padding:.75em 1em;border-radius:.625em;background:#8882}
div.box{text-align:start}
.number{display:block;font-size:2.5em;line-height:1.2}
.scope{display:list-item;margin:.25em 1em 0;list-style:"✓ "}
.actions{display:grid;gap:.5em}
.button{padding:.6em 1em;border:1px solid #888;border-radius:.625em;background:0 0;color:inherit;font:inherit;font-weight:600;text-decoration:none;cursor:pointer}
.primary{border-color:var(--a);background:var(--a);color:light-dark(#fff,#0b1f1e)}
.button:hover{opacity:.9}
.button:focus-visible{outline:.2em solid var(--a);outline-offset:.125em}
@keyframes glow{0%{opacity:.3}}
@media(prefers-reduced-motion:no-preference){.pending{animation:glow 1s infinite alternate}}`;
