import { describe, expect, test } from 'vitest'
import { conditionalReply, isKnownTag, tagOfText, tagOfVersion } from './entity-tag.ts'

describe('entity tags', () => {
  test('are strong, and differ with version and role', () => {
    expect(tagOfVersion('ride-1', 7, 'driver')).toBe('"ride-1-7-driver"')
    expect(tagOfVersion('ride-1', 7, 'driver')).not.toBe(tagOfVersion('ride-1', 7, 'admin'))
    expect(tagOfText('{"a":1}')).toMatch(/^"[\w-]{22}"$/)
    expect(tagOfText('{"a":1}')).not.toBe(tagOfText('{"a":2}'))
  })

  test('hold no character that would end them', () => {
    expect(tagOfVersion('a"b\u00e9 c\n', 1)).toBe('"a_b__c_-1"')
  })

  test.each([
    ['the same tag', '"a"', true],
    ['a weak form of it', 'W/"a"', true],
    ['one of several', '"x", W/"y",  "a"', true],
    ['any', ' * ', true],
    ['another', '"b"', false],
    ['the same letters without quotes', 'a', false],
    ['a longer one', '"aa"', false],
    ['a tag with a comma in it', '"b,"', false],
    ['nothing', '', false],
    ['more than anybody needs', `"${'x'.repeat(5_000)}", "a"`, false]
  ])('are compared with If-None-Match: %s', (_, header, expected) => {
    expect(isKnownTag(header, '"a"')).toBe(expected)
  })

  test('answer 304 without a body to a client that has the answer', () => {
    const first = conditionalReply({ a: 1 }, { ifNoneMatch: undefined })
    expect(first).toMatchObject({ status: 200, text: '{"a":1}' })
    const { 'content-type': _, ...kept } = first.headers ?? {}
    const { etag } = kept
    const second = conditionalReply({ a: 1 }, { ifNoneMatch: etag })
    expect(second).toEqual({
      status: 304,
      headers: { ...kept, 'content-length': '7' }
    })
    expect(conditionalReply({ a: 2 }, { ifNoneMatch: etag }).status).toBe(200)
  })
})
