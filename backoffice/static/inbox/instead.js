// A node that the stream tells anew takes the place of its former self: the focus, the outline of a message just sought
// and what was unfolded go over to it. Where a node stands among the others is in live.js.

const REACHED = 'a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex]';
const reached = (element) => [element, ...element.querySelectorAll(REACHED)];

// What only differs in what the person opened is the same.
export function isSame(former, element) {
  const closed = former.cloneNode(true);
  for (const open of closed.querySelectorAll('details[open]')) open.open = false;
  return closed.isEqualNode(element);
}

// `settle` puts the new node where it belongs and takes the former away.
export function instead(former, element, settle) {
  const held = former ? reached(former).indexOf(document.activeElement) : -1;
  if (former?.classList.contains('sought')) element.classList.add('sought');
  const folds = [...(former?.querySelectorAll('details') ?? [])];
  for (const [place, fold] of element.querySelectorAll('details').entries()) fold.open ||= folds[place]?.open ?? false;
  settle();
  if (held >= 0) reached(element)[held]?.focus({ preventScroll: true });
}
