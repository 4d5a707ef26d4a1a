/**
 * How the base model reads and writes: special tokens, where its tokenizer cuts words, and its chat template. ChatML
 * with calls as Qwen and Hermes write them, but tools as short signatures (`name(argument, optional?)`), because the
 * whole prompt should fit a hundred tokens.
 */

export const END_OF_TEXT = '<|endoftext|>';
export const TURN_START = '<|im_start|>';
export const TURN_END = '<|im_end|>';

/** Added tokens; those of calls are no special tokens, so that decoding keeps them. */
export const ADDED_TOKENS = [
  { content: END_OF_TEXT, special: true },
  { content: TURN_START, special: true },
  { content: TURN_END, special: true },
  { content: '<tool_call>', special: false },
  { content: '</tool_call>', special: false },
] as const;

/**
 * Words and identifiers with the space before them; digits one by one, so that numbers never seen are spelled like
 * known ones; newlines one by one, so that a prompt's last token never merges with the reply's first; runs of anything
 * else, so that JSON's punctuation is one token (`", "`).
 */
export const WORD_PATTERN = String.raw` ?[A-Za-z_]+|[0-9]|\n|(?:[^A-Za-z_0-9 \n]| (?![A-Za-z_]))+`;

export const CHAT_TEMPLATE = `\
{%- set turns = messages -%}
{%- set policy = '' -%}
{%- if messages and messages[0]['role'] == 'system' -%}
    {%- set policy = messages[0]['content'] -%}
    {%- set turns = messages[1:] -%}
{%- endif -%}
{%- if tools or policy -%}
    {{- '<|im_start|>system\\n' + policy -}}
    {%- for tool in tools or [] -%}
        {%- set parameters = tool['function']['parameters'] or {} -%}
        {%- set required = parameters['required'] or [] -%}
        {{- '\\n' + tool['function']['name'] + '(' -}}
        {%- for name in parameters['properties'] or {} -%}
            {{- name if name in required else name + '?' -}}
            {{- '' if loop.last else ', ' -}}
        {%- endfor -%}
        {{- ')' -}}
    {%- endfor -%}
    {{- '<|im_end|>\\n' -}}
{%- endif -%}
{%- for message in turns -%}
    {{- '<|im_start|>' + message['role'] + '\\n' + (message['content'] or '') -}}
    {%- for call in message['tool_calls'] or [] -%}
        {%- if call['function'] -%}{%- set call = call['function'] -%}{%- endif -%}
        {{- '\\n' if message['content'] or not loop.first else '' -}}
        {{- '<tool_call>\\n{"name": "' + call['name'] + '", "arguments": ' + (call['arguments'] | tojson) + '}\\n</tool_call>' -}}
    {%- endfor -%}
    {{- '<|im_end|>\\n' -}}
{%- endfor -%}
{%- if add_generation_prompt -%}
    {{- '<|im_start|>assistant\\n' -}}
{%- endif -%}
`;
