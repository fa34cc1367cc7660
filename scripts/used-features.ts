import { basename, dirname, join, sep } from 'node:path'
import type { Identifier, Node } from 'typescript/unstable/ast'
import {
  isBindingElement,
  isExportDeclaration,
  isForOfStatement,
  isIdentifier,
  isImportDeclaration,
  isInterfaceDeclaration,
  isModuleBlock,
  isModuleDeclaration,
  isObjectBindingPattern,
  isPropertyAccessExpression,
  isTypeAliasDeclaration,
  isTypeLiteralNode,
  isTypeNode,
  isVariableDeclaration,
} from 'typescript/unstable/ast/is'
import { API, SymbolFlags, type Project, type Symbol } from 'typescript/unstable/sync'

/** Something that code uses of the libraries of the language and the platform. */
export interface UsedFeature {
  /** Whose member it is; undefined for a global. */
  readonly owner: string | undefined
  readonly name: string
  readonly isStatic: boolean
  /** The name of the file that uses it. */
  readonly file: string
}

/** What the files below `src` of a TypeScript project use of the compiler's libraries. */
export function usedFeatures(configFile: string): readonly UsedFeature[] {
  const api = new API({ cwd: dirname(configFile) })
  try {
    const project = api.updateSnapshot({ openProjects: [configFile] }).getProject(configFile)
    if (project === undefined) throw new Error(`${configFile} is no project`)
    const source = join(dirname(configFile), 'src') + sep
    const files = project.program.getSourceFileNames().filter((name) => name.startsWith(source))
    return files.flatMap((name) => featuresIn(name, project))
  } finally {
    api.close()
  }
}

function featuresIn(fileName: string, project: Project): readonly UsedFeature[] {
  const { checker, program } = project
  const file = basename(fileName)
  const names: Identifier[] = []
  const features: UsedFeature[] = []
  const visit = (node: Node): void => {
    if (isTypeNode(node) || isInterfaceDeclaration(node) || isTypeAliasDeclaration(node)) return
    if (isImportDeclaration(node) || isExportDeclaration(node)) return
    if (isIdentifier(node)) names.push(node)
    if (isForOfStatement(node) && node.awaitModifier !== undefined) {
      features.push({ owner: typeName(node.expression, project), name: '@@asyncIterator', isStatic: false, file })
    }
    node.forEachChild(visit)
  }
  program.getSourceFile(fileName)?.forEachChild(visit)

  checker.getSymbolAtLocation(names).forEach((found, index) => {
    const name = names[index]
    if (name === undefined) return
    const holder = holderOf(name)
    const symbol = holder !== undefined && isObjectBindingPattern(holder) ? destructured(name, holder, project) : found
    for (const { owner, isStatic } of libraryDeclarations(symbol, project)) {
      // A class may have a member from an interface that is no class itself, such as `Body` of responses and requests.
      const user = holder === undefined || owner === undefined || isValue(owner, project) ? owner : (typeName(holder, project) ?? owner)
      features.push({ owner: user, name: name.text, isStatic, file })
    }
  })
  return features
}

/** The value, or the pattern that stands for it, of which a name names a member. */
function holderOf(name: Identifier): Node | undefined {
  const { parent } = name
  if (isPropertyAccessExpression(parent) && parent.name === name) return parent.expression
  if (!isBindingElement(parent) || !isObjectBindingPattern(parent.parent)) return undefined
  return (parent.propertyName ?? parent.name) === name ? parent.parent : undefined
}

function destructured(name: Identifier, pattern: Node, { checker }: Project): Symbol | undefined {
  const type = checker.getTypeAtLocation(pattern)
  return type && checker.getPropertyOfType(type, name.text)
}

function typeName(node: Node, { checker }: Project): string | undefined {
  const type = checker.getTypeAtLocation(node)
  return type && checker.getNonNullableType(type)?.getSymbol()?.name
}

function isValue(name: string, { checker }: Project): boolean {
  return checker.resolveName(name, SymbolFlags.Value) !== undefined
}

/** Where the compiler's libraries declare a symbol. */
function libraryDeclarations(symbol: Symbol | undefined, project: Project): readonly Pick<UsedFeature, 'owner' | 'isStatic'>[] {
  return (symbol?.declarations ?? [])
    .filter(({ path }) => /\/lib\.[^/]*\.d\.ts$/.test(path))
    .flatMap((handle) => handle.resolve(project) ?? [])
    .map(({ parent }) => {
      if (isInterfaceDeclaration(parent)) {
        const owner = parent.name.text
        return owner.endsWith('Constructor') ? { owner: owner.slice(0, -'Constructor'.length), isStatic: true } : { owner, isStatic: false }
      }
      // `declare var URL: { canParse(…): … }` is how the DOM's classes are declared.
      const variable = isTypeLiteralNode(parent) ? parent.parent : undefined
      if (variable !== undefined && isVariableDeclaration(variable) && isIdentifier(variable.name)) {
        return { owner: variable.name.text, isStatic: true }
      }
      const namespace = isModuleBlock(parent) ? parent.parent : undefined
      return { owner: namespace !== undefined && isModuleDeclaration(namespace) ? namespace.name.text : undefined, isStatic: true }
    })
}
