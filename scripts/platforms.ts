import data, { type Identifier, type SimpleSupportStatement } from '@mdn/browser-compat-data' with { type: 'json' }
import type { UsedFeature } from './used-features.ts'

/**
 * The lowest versions that the READMEs name, of all whose data MDN has. They have all features that the published code uses without
 * looking for them, and the syntax of ES2022, of which Safari 16.4 was the last to have all.
 */
export const lowestVersions = {
  chrome: '100',
  chrome_android: '100',
  edge: '100',
  firefox: '100',
  firefox_android: '100',
  safari: '16.4',
  safari_ios: '16.4',
  nodejs: '22.12',
} as const

/** What is used only where it is there, by the words in which the core's README says what else happens. */
export const optionalFeatures: Readonly<Record<string, readonly string[]>> = {
  'navigator.locks': ['Navigator.locks', 'LockManager.request', 'LockManager.query'],
  'navigator.storage': ['StorageManager.estimate'],
  requestIdleCallback: ['requestIdleCallback'],
}

/** Why a platform in its lowest version cannot be said to have a feature; nothing where it can. */
export function problemsOf(feature: UsedFeature): readonly string[] {
  const title = [feature.owner, feature.name].filter((part) => part !== undefined).join('.')
  if (Object.values(optionalFeatures).flat().includes(title) || feature.name === 'prototype') return []
  const entry = entryOf(feature)
  if (entry === 'no class') return []
  // oxlint-disable-next-line no-underscore-dangle -- MDN's name for what is known of a feature
  const support = entry?.__compat?.support
  if (support === undefined) return [`${title} in ${feature.file} is not in MDN's data`]
  return platforms.flatMap((platform) => {
    const statements = [support[platform] ?? []].flat()
    // A browser's feature that Node never had is looked for: lowest/smoke.ts sees to that.
    if (platform === 'nodejs' && statements.every(({ version_added: added }) => added === false)) return []
    // Node's timers are objects, which MDN's data calls a partial implementation.
    const since = statements.find((each) => isPlain(each, platform === 'nodejs'))?.version_added
    const isThere = typeof since === 'string' && compareVersions(since, lowestVersions[platform]) <= 0
    return isThere ? [] : [`${title} in ${feature.file} needs ${platform} ${since ?? 'of the future'}`]
  })
}

const platforms = Object.keys(lowestVersions).filter((name): name is keyof typeof lowestVersions => Object.hasOwn(lowestVersions, name))

function entryOf({ owner, name, isStatic }: UsedFeature): Identifier | undefined | 'no class' {
  const { api, javascript } = data
  const builtins = javascript['builtins']
  const [ofTarget, ofTypedArrays] = [member(api, 'EventTarget'), member(builtins, 'TypedArray')].map((base) => member(base, name))
  if (owner === undefined) return member(api, name) ?? member(member(api, 'Window'), name) ?? member(builtins, name) ?? ofTarget
  const ofPlatform = member(api, owner)
  if (ofPlatform !== undefined) return member(ofPlatform, isStatic ? `${name}_static` : name) ?? ofTarget
  // The language's read-only views of its classes are the compiler's idea.
  const ofLanguage = member(builtins, owner.replace(/^Readonly/, ''))
  return ofLanguage === undefined ? 'no class' : (member(ofLanguage, name) ?? ofTypedArrays)
}

function member(of: Identifier | Readonly<Record<string, Identifier>> | undefined, name: string): Identifier | undefined {
  return of !== undefined && Object.hasOwn(of, name) ? of[name] : undefined
}

/** Whether it is there as it should be, without a switch or another name. */
function isPlain(statement: SimpleSupportStatement, mayBePartial: boolean): boolean {
  const { flags, prefix, alternative_name: alternative, version_removed: removed, partial_implementation: isPartial } = statement
  return [flags, prefix, alternative, removed, mayBePartial ? undefined : isPartial].every((each) => each === undefined)
}

/** Below 0 if the first version is lower, above 0 if the other one is. */
export function compareVersions(one: string, other: string): number {
  const [first, second] = [one, other].map((version) => version.replace('≤', '').split('.').map(Number))
  for (let part = 0; part < 3; part += 1) {
    const difference = (first?.[part] ?? 0) - (second?.[part] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}
