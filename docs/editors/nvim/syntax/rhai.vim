" Highlighting of Rhai, for Vim and Neovim.

if exists('b:current_syntax')
  finish
endif

syn keyword rhaiConditional if else switch
syn keyword rhaiRepeat for in while loop do until break continue
syn keyword rhaiStatement return throw try catch
syn keyword rhaiInclude import export as
syn keyword rhaiKeyword let const private
syn keyword rhaiBoolean true false
syn keyword rhaiSelf this global
syn keyword rhaiFn fn nextgroup=rhaiFunction skipwhite skipempty
syn match rhaiFunction /\h\w*/ contained

syn match rhaiNumber /\<\d[0-9_]*\(\.\d[0-9_]*\)\?\([eE][+-]\?[0-9_]\+\)\?\>/
syn match rhaiNumber /\<0[xX][0-9A-Fa-f_]\+\>\|\<0[oO][0-7_]\+\>\|\<0[bB][01_]\+\>/
syn match rhaiCall /\<\h\w*\ze\s*(/
syn match rhaiNamespace /\<\h\w*\ze::/
syn match rhaiProperty /\%(\.\)\@1<=\h\w*/
syn match rhaiKey /\<\h\w*\ze\s*::\@!/
syn match rhaiOperator /=>\|[-+*\/%@&|^!<>=?]\+\|\.\.=\?/

syn match rhaiEscape /\\\(x\x\{2}\|u\x\{4}\|U\x\{8}\|.\)/ contained
syn region rhaiString start=/"/ skip=/\\\\\|\\"\|\\$/ end=/"/ end=/$/ contains=rhaiEscape
syn region rhaiString matchgroup=rhaiString start=/\z(#\+\)"/ end=/"\z1/
syn match rhaiCharacter /'\([^'\\]\|\\.[^']*\)'/
syn region rhaiTemplate start=/`/ end=/`/ contains=rhaiInterpolation
syn region rhaiInterpolation matchgroup=rhaiDelimiter start=/\${/ end=/}/ contained contains=TOP
syn region rhaiBraces start=/#\?{/ end=/}/ contains=TOP transparent

syn match rhaiComment /\/\/.*$/ contains=@Spell
syn match rhaiDoc /\/\/[\/!].*$/ contains=@Spell
syn region rhaiComment start=/\/\*/ end=/\*\// contains=rhaiComment,@Spell

hi def link rhaiConditional Conditional
hi def link rhaiRepeat Repeat
hi def link rhaiStatement Statement
hi def link rhaiInclude Include
hi def link rhaiKeyword Keyword
hi def link rhaiFn Keyword
hi def link rhaiBoolean Boolean
hi def link rhaiSelf Special
hi def link rhaiFunction Function
hi def link rhaiCall Function
hi def link rhaiNamespace Structure
hi def link rhaiProperty Identifier
hi def link rhaiKey Identifier
hi def link rhaiNumber Number
hi def link rhaiOperator Operator
hi def link rhaiEscape SpecialChar
hi def link rhaiString String
hi def link rhaiCharacter Character
hi def link rhaiTemplate String
hi def link rhaiDelimiter Delimiter
hi def link rhaiComment Comment
hi def link rhaiDoc SpecialComment

let b:current_syntax = 'rhai'
