/**
 * Schemas of documents whose fields depend on who reads them.
 *
 * @module
 */
import Type, { type TProperties } from 'typebox'
import { closed } from '../http/index.ts'
import type { Visibility } from './projections.ts'

/** A schema that may be null. */
export const nullable = <T extends Type.TSchema>(schema: T) => Type.Union([schema, Type.Null()])

type DocumentOptions = { title: string; description?: string; roles?: readonly string[] }

/**
 * The schema of a document: fields that some role does not see are optional, and say whose they are.
 *
 * @param options.roles who may read the document at all; a partner reads as a customer
 */
export const documentFor = <T>(
  properties: TProperties,
  visibility: Visibility<T>,
  { title, description, roles = ['customer', 'driver', 'admin'] }: DocumentOptions
) =>
  closed(
    Object.fromEntries(
      Object.entries(properties).map(([name, schema]) => {
        const seenBy: readonly string[] = visibility[name as keyof T] ?? roles
        if (roles.every((role) => seenBy.includes(role))) return [name, schema]
        const whose = `For ${seenBy.filter((role) => roles.includes(role)).join(' and ')} only`
        const { description: what } = schema as { description?: string }
        const full = what === undefined ? whose : `${what}. ${whose}`
        return [name, Type.Optional({ ...schema, description: full } as Type.TSchema)]
      })
    ),
    description === undefined ? { title } : { title, description }
  )
