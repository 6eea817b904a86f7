/** Classes that make an element look as if it were pointed at, focused by the keyboard, or pressed. */
const STATES = {
  ':hover': 'gallery-hover',
  ':focus-visible': 'gallery-focus',
  ':focus-within': 'gallery-focus',
} as const;

export type ForcedState = (typeof STATES)[keyof typeof STATES];

/**
 * Writes every rule of the page's style sheets that asks for such a state again, for the class in its place: what stands below an
 * element of the class looks as in the state. Call it once, when all style sheets are there.
 */
export function forceStates(): void {
  const rules = [...document.styleSheets].flatMap((sheet) => [...sheet.cssRules].flatMap(forcedRules));
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(rules.join('\n'));
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
}

function forcedRules(rule: CSSRule): readonly string[] {
  // `@media (hover: hover)` and the like: the state is forced, so only what is in it counts.
  if (rule instanceof CSSGroupingRule && !(rule instanceof CSSStyleRule))
    return isAboutPrint(rule) ? [] : [...rule.cssRules].flatMap(forcedRules);
  if (!(rule instanceof CSSStyleRule)) return [];
  const selectors = splitSelectors(rule.selectorText).flatMap(forcedSelector);
  return selectors.length === 0 ? [] : [`${selectors.join(', ')} { ${rule.style.cssText} }`];
}

function isAboutPrint(rule: CSSGroupingRule): boolean {
  return rule instanceof CSSMediaRule && /print|prefers/u.test(rule.conditionText);
}

/** The selector with ancestors or the element itself in the class; none where it asks for no such state. */
function forcedSelector(selector: string): readonly string[] {
  const asked = (Object.keys(STATES) as (keyof typeof STATES)[]).filter((state) => selector.includes(state));
  const [state] = asked;
  if (state === undefined || /:not\([^)]*:(?:hover|focus)/u.test(selector)) return [];
  const bare = asked.reduce((text, one) => text.replaceAll(one, ''), selector);
  // ":where(:hover)" is ":where()" then, which matches nothing; what holds for everything is shown of what takes the focus.
  const rest = bare.replaceAll(/:(?:where|is)\(\s*\)/gu, '').trim();
  return [`.${STATES[state]} ${rest === '' ? ':is(button, input, [tabindex])' : rest}`];
}

/** Selectors between the commas that stand in no brackets. */
function splitSelectors(text: string): readonly string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (const [at, character] of [...text].entries()) {
    if (character === '(' || character === '[') depth++;
    else if (character === ')' || character === ']') depth--;
    else if (character === ',' && depth === 0) {
      parts.push(text.slice(start, at).trim());
      start = at + 1;
    }
  }
  return [...parts, text.slice(start).trim()];
}
