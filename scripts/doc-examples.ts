/** An example of a guide, as a module. */
export interface DocExample {
  /** Where it begins in the guide, counted from 1. */
  readonly line: number
  readonly code: string
}

/** The examples of a guide that are TypeScript. `…` stands for what a reader knows, and becomes `...others`. */
export function docExamples(guide: string): readonly DocExample[] {
  return [...guide.matchAll(/^```tsx?\n(.*?)^```$/gms)].map(({ index, 1: text = '' }) => ({
    line: guide.slice(0, index).split('\n').length + 1,
    code: `${text.replaceAll('…', '...others')}\nexport {}\n`,
  }))
}
