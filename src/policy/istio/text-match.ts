/** Whether a text is one that a value of a policy means. */
export type TextTest = (text: string) => boolean;

/** `*` any text but none, `*x` what ends so, `x*` what begins so, and any other the text itself, an asterisk within it included. */
export function textTest(value: string): TextTest {
  if (value === '*') return (text) => text !== '';
  if (value.startsWith('*')) return (text) => text.endsWith(value.slice(1));
  if (value.endsWith('*')) return (text) => text.startsWith(value.slice(0, -1));
  return (text) => text === value;
}

/** Every `*` is any text, none included. Linear in the text for each asterisk: the leftmost place of a part is as good as any. */
export function globTest(pattern: string): TextTest {
  const [head = '', ...rest] = pattern.split('*');
  const tail = rest.pop();
  if (tail === undefined) return (text) => text === pattern;
  return (text) => {
    if (!text.startsWith(head)) return false;
    let at = head.length;
    for (const part of rest) {
      const found = text.indexOf(part, at);
      if (found < 0) return false;
      at = found + part.length;
    }
    return text.length - tail.length >= at && text.endsWith(tail);
  };
}
