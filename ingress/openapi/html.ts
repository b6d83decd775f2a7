/**
 * HTML as text, escaped where it comes from data.
 *
 * @module
 */

/** Text that is HTML already. */
export type Html = { readonly html: string }

/** What may stand in a template: text is escaped, HTML and lists of it are not. */
type Part = string | number | Html | readonly Html[]

/** Template of HTML. */
export const html = (strings: TemplateStringsArray, ...parts: readonly Part[]): Html => ({
  html: strings.reduce((text, string, index) => {
    const part = parts[index - 1]
    return text + (part === undefined ? '' : render(part)) + string
  })
})

const render = (part: Part): string => {
  if (typeof part === 'object') {
    return 'html' in part ? part.html : part.map((each) => each.html).join('')
  }
  return String(part).replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`)
}

/** Text in which backquotes mean code, as in the descriptions. */
export const inline = (text: string): Html => ({
  html: render(text)
    .replace(/`([^`]+)`/g, '<code>$1</code>')
    .replace(/\*\*([^*]+)\*\*/g, '<strong>$1</strong>')
})
