import {
  type AndOr,
  type ArithmeticFor,
  type Case,
  type CompoundList,
  type If,
  type Pipeline,
  type PipelineNode,
  parse,
  type Redirection,
  type TestExpression,
  type Word,
} from 'unbash';

/** A function's definition as bash's print_cmd.c writes it: `declare -f`, `type`. */
export function printFunction(name: string, text: string): string {
  const node = parse(text).commands[0]?.command;
  if (node?.type !== 'Function') return text;
  const printer = new Printer(text);
  return `${name} () \n${printer.functionBody(node.body, '')}`;
}

type Command = PipelineNode | AndOr;

/** Four blanks a level; statements end with `;` except the last of a group. */
class Printer {
  readonly #source: string;

  constructor(source: string) {
    this.#source = source;
  }

  functionBody(body: Command | CompoundList, indent: string): string {
    const inner = `${indent}    `;
    const redirected =
      body.type === 'Redirected' ? body.redirects.map((one) => ` ${this.#redirect(one)}`).join('') : '';
    const command = body.type === 'Redirected' ? body.command : body;
    const list = command.type === 'BraceGroup' ? command.body : command.type === 'CompoundList' ? command : undefined;
    const text = list ? this.#list(list, inner) : this.#command(command as Command, inner);
    return `${indent}{ \n${inner}${text}\n${indent}}${redirected}`;
  }

  /** Statements; `closed` adds the `;` that stands before `fi`, `done` and the like. */
  #list(list: CompoundList, indent: string, closed = false): string {
    let text = '';
    for (const [index, statement] of list.commands.entries()) {
      const last = index === list.commands.length - 1;
      text += this.#command(statement.command, indent);
      const afterHeredoc = text.endsWith('\n');
      if (statement.background) text += last ? ' &' : ' & ';
      else if (!last) text += afterHeredoc ? `\n${indent}` : `;\n${indent}`;
      else if (closed && !afterHeredoc) text += ';';
    }
    return text;
  }

  #command(node: Command, indent: string): string {
    const inner = `${indent}    `;
    switch (node.type) {
      case 'Command':
        return this.#simple(node);
      case 'AndOr':
        return node.commands
          .map((one, index) => (index === 0 ? '' : ` ${node.operators[index - 1]} `) + this.#command(one, indent))
          .join('');
      case 'Pipeline':
        return this.#pipeline(node, indent);
      case 'Redirected':
        return this.#command(node.command, indent) + node.redirects.map((one) => ` ${this.#redirect(one)}`).join('');
      case 'BraceGroup':
        return `{ \n${inner}${this.#list(node.body, inner)}\n${indent}}`;
      case 'Subshell':
        return `( ${this.#list(node.body, indent)} )`;
      case 'If':
        return this.#ifCommand([node, ...node.elif], node.else, indent);
      case 'While':
        return `${node.kind} ${this.#list(node.clause, indent, true)} do\n${inner}${this.#list(node.body, inner, true)}\n${indent}done`;
      case 'For':
      case 'Select': {
        const words = node.wordlist ? node.wordlist.map((word) => word.text).join(' ') : '"$@"';
        const head = `${node.type === 'For' ? 'for' : 'select'} ${node.name.text} in ${words};`;
        return `${head}\n${indent}do\n${inner}${this.#list(node.body, inner, true)}\n${indent}done`;
      }
      case 'ArithmeticFor':
        return `${this.#header(node)}\n${indent}do\n${inner}${this.#list(node.body, inner, true)}\n${indent}done`;
      case 'Case':
        return this.#caseCommand(node, indent);
      case 'Function':
        return `function ${node.name.text} () \n${this.functionBody(node.body, indent)}`;
      case 'ArithmeticCommand':
        return `((${node.body}))`;
      case 'TestCommand':
        return `[[ ${this.#test(node.expression)} ]]`;
      case 'Coproc':
        return this.#source.slice(node.pos, node.end);
    }
  }

  #simple(node: Command & { type: 'Command' }): string {
    const words: string[] = [];
    const redirects: Redirection[] = [...node.redirects];
    for (const one of node.prefix) if (one.type === 'Assignment') words.push(one.text);
    if (node.name) words.push(node.name.text);
    for (const one of node.args) words.push(one.text);
    const documents = redirects.filter((one) => one.type === 'HereDoc');
    const text = [...words, ...redirects.map((one) => this.#redirect(one))].join(' ');
    const bodies = documents.map((one) => `\n${one.body.text}${one.delimiter?.value ?? ''}\n`).join('');
    return text + bodies;
  }

  #pipeline(node: Pipeline, indent: string): string {
    const prefix = node.prefixes
      .map((one) => (one.type === 'Negation' ? '! ' : one.posix ? 'time -p ' : 'time '))
      .join('');
    const stages = node.commands.map((one, index) => {
      const text = this.#command(one, indent);
      if (index === node.commands.length - 1) return text;
      const joint = node.operators[index] === '|&' ? ' 2>&1 |' : ' |';
      const heredoc = /^([^\n]*)(\n[\s\S]*\n)$/.exec(text);
      return heredoc ? `${heredoc[1]}${joint}${heredoc[2]} ` : `${text}${joint}`;
    });
    return prefix + stages.join(' ');
  }

  /** `elif` is written as an `if` within `else`. */
  #ifCommand(branches: Pick<If, 'clause' | 'then'>[], otherwise: CompoundList | undefined, indent: string): string {
    const [first, ...others] = branches;
    if (!first) return '';
    const inner = `${indent}    `;
    let text = `if ${this.#list(first.clause, indent, true)} then\n${inner}${this.#list(first.then, inner, true)}`;
    if (others.length > 0) text += `\n${indent}else\n${inner}${this.#ifCommand(others, otherwise, inner)};`;
    else if (otherwise) text += `\n${indent}else\n${inner}${this.#list(otherwise, inner, true)}`;
    return `${text}\n${indent}fi`;
  }

  #caseCommand(node: Case, indent: string): string {
    const inner = `${indent}    `;
    const items = node.items.map((item) => {
      const patterns = item.pattern.map((word) => word.text).join(' | ');
      const body = item.body.commands.length > 0 ? `${inner}    ${this.#list(item.body, `${inner}    `)}` : '';
      return `\n${inner}${patterns})\n${body}\n${inner}${item.terminator ?? ';;'}`;
    });
    return `case ${node.word.text} in ${items.join('')}\n${indent}esac`;
  }

  #header(node: ArithmeticFor): string {
    const start = this.#source.indexOf('((', node.pos);
    const end = this.#source.lastIndexOf('))', node.body.pos);
    const parts = this.#source.slice(start + 2, end).split(';');
    return `for ((${parts.map((part) => part.trim()).join('; ')}))`;
  }

  #test(node: TestExpression): string {
    switch (node.type) {
      case 'TestUnary': {
        const implicit = this.#source.slice(node.pos, node.operand.pos).trim() === '';
        return implicit ? node.operand.text : `${node.operator} ${node.operand.text}`;
      }
      case 'TestBinary':
        return `${node.left.text} ${node.operator} ${node.right.text}`;
      case 'TestLogical':
        return node.operands.map((one) => this.#test(one)).join(` ${node.operator} `);
      case 'TestNot':
        return `${'! '.repeat(node.negations.length)}${this.#test(node.operand)}`;
      case 'TestGroup':
        return `( ${this.#test(node.expression)} )`;
    }
  }

  #redirect(one: Redirection): string {
    const fd = one.descriptor?.type === 'FileDescriptor' ? String(one.descriptor.value) : '';
    const variable = one.descriptor?.type === 'FileDescriptorVariable' ? `{${one.descriptor.name}}` : '';
    if (one.type === 'HereDoc') {
      const name = one.delimiter?.value ?? '';
      return `${fd}${one.operator}${one.delimiter?.quoted ? `'${name}'` : name}`;
    }
    const target: Word | undefined = one.target;
    const joined = one.type === 'Redirect' && (one.operator === '>&' || one.operator === '<&');
    const standard = joined && fd === '' ? (one.operator === '>&' ? '1' : '0') : fd;
    const text = target?.text ?? '';
    if (joined && !/^[\d-]/.test(text)) return `${fd}${one.operator}${text}`;
    return `${variable || standard}${one.operator}${joined ? '' : ' '}${text}`;
  }
}
