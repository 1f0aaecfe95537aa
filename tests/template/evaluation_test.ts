/** What templates evaluate to, each case by the rules of Go 1.19's text/template. */
import { testFailures, testOutputs } from "./support.ts";

testOutputs("renderTemplate() reads fields of the environment", [
  ["{{.NAME}}{{ .USER }}{{$.NAME}}", "TemplatepilotTemplate"],
  ["[{{.NOT_SET}}{{.EMPTY}}]", "[]"],
  ["{{.é}}{{._}}{{.A1}}", ""],
  ["{{(.).NAME}} {{$.USER}}", "Template pilot"],
  ["{{with .NAME}}{{$.USER}}{{end}}", "pilot"],
  ["{{range loop 1}}{{$.NAME}}{{end}}", "Template"],
  ["{{len .}}", "7"],
]);

testFailures("renderTemplate() refuses fields of what has none", "exec", [
  "{{.NAME.X}}",
  "{{.NOT_SET.X}}",
  "{{(print 1).X}}",
  "{{print.X}}",
  "{{$x := 1}}{{$x.Y}}",
  "{{with 1}}{{.X}}{{end}}",
  "{{range loop 1}}{{.NAME}}{{end}}",
  "{{.NAME 1}}",
  "{{.NAME .USER}}",
  "{{1 | .NAME}}",
  "{{$.NAME 1}}",
  "{{(.).NAME 1}}",
]);

testFailures("renderTemplate() refuses arguments to what is no function", "exec", [
  "{{1 2}}",
  '{{"a" "b"}}',
  "{{. 1}}",
  "{{true 1}}",
  "{{$ 1}}",
  "{{1 | $}}",
  "{{(print) 1}}",
  "{{1 | (print)}}",
  "{{nil}}",
  "{{nil 1}}",
  "{{$x := nil}}",
  "{{if nil}}{{end}}",
  "{{9223372036854775808}}",
  "{{print 18446744073709551615}}",
]);

testOutputs(
  "renderTemplate() gives each stage of a pipeline the value before it, as the last argument",
  [
    ['{{"a" | print}}', "a"],
    ['{{"b" | print "a"}}', "ab"],
    ['{{"x" | printf "%s%s" "a" | printf "%q"}}', '"ax"'],
    ["{{1 | print 2 | print 3}}", "32 1"],
    ["{{.NAME | len | print}}", "8"],
    ["{{true | not | not}}", "true"],
    ["{{3 | eq 3}}", "true"],
    ["{{2 | lt 1}}", "true"],
    ["{{1 | index (loop 5 8)}}", "6"],
  ],
);

testOutputs("renderTemplate() declares, assigns and hides variables", [
  ["{{$x := 1}}{{$x = 2}}{{$x}}", "2"],
  ["{{$x := 1}}{{$x := 2}}{{$x}}", "2"],
  ["{{$x := 1}}{{if true}}{{$x := 2}}{{$x}}{{end}}{{$x}}", "21"],
  ["{{$x := 1}}{{if true}}{{$x = 2}}{{$x}}{{end}}{{$x}}", "22"],
  ["{{$x := 1}}{{range loop 3}}{{$x = .}}{{end}}{{$x}}", "2"],
  ["{{if $x := .NAME}}{{$x}}{{else}}no{{end}}", "Template"],
  ["{{if $x := .EMPTY}}{{else}}[{{$x}}]{{end}}", "[]"],
  ["{{if $x := .EMPTY}}{{else if $y := .NAME}}{{$x}}{{$y}}{{end}}", "Template"],
  ["{{$x := 1 | print 2}}{{$x}}", "2 1"],
  ["{{$ := 1}}{{$}}", "1"],
  ["{{$é := 1}}{{$é}}{{$1 := 2}}{{$1}}", "12"],
  ["{{print ($x := 1)}}{{$x}}", "11"],
  ["{{$x := loop 3}}{{index $x 2}}", "2"],
  ["{{$x := .}}{{$x.NAME}}", "Template"],
]);

testFailures("renderTemplate() refuses to use a variable before it has a value", "exec", [
  "{{$x = 1}}",
  "{{$x := $x}}",
  "{{range $x = loop 1}}{{end}}",
  "{{range $x, $y = loop 1}}{{end}}",
]);

testOutputs("renderTemplate() takes zero, the empty and nothing for false", [
  ["{{if 0}}y{{else}}n{{end}}{{if 0.0}}y{{else}}n{{end}}{{if 0i}}y{{else}}n{{end}}", "nnn"],
  [
    "{{if .EMPTY}}y{{else}}n{{end}}{{if false}}y{{else}}n{{end}}{{if loop 0}}y{{else}}n{{end}}",
    "nnn",
  ],
  [
    '{{if -1}}y{{end}}{{if 0.1}}y{{end}}{{if 1i}}y{{end}}{{if " "}}y{{end}}{{if loop 1}}y{{end}}',
    "yyyyy",
  ],
  ['{{if .}}y{{end}}{{if (index "a" 0)}}y{{end}}{{if index "\\x00" 0}}y{{else}}n{{end}}', "yyn"],
  ['{{if "false"}}y{{end}}{{if "0"}}y{{end}}', "yy"],
]);

testOutputs("renderTemplate() takes the first true branch", [
  ["{{if .A}}a{{else if .B}}b{{else if .NAME}}c{{else}}d{{end}}", "c"],
  ["{{if .A}}a{{else if .B}}b{{else}}d{{end}}", "d"],
  ["{{if .A}}a{{else if .B}}b{{end}}", ""],
  ['{{if .NAME}}a{{else if (loop "x")}}b{{end}}', "a"],
  ["{{if .A}}{{else}}{{if .NAME}}x{{end}}{{end}}", "x"],
  ["{{with .NAME}}{{.}}{{else}}n{{end}}{{with .A}}y{{else}}{{.NAME}}{{end}}", "TemplateTemplate"],
  ["{{with $x := .NAME}}{{$x}}{{.}}{{end}}", "TemplateTemplate"],
  ["{{with 1}}{{with 2}}{{.}}{{end}}{{.}}{{end}}", "21"],
]);

testOutputs("renderTemplate() goes through lists and through the environment in order", [
  ["{{range loop 3}}{{.}},{{end}}", "0,1,2,"],
  ["{{range $x := loop 3}}{{$x}}{{.}}{{end}}", "001122"],
  ["{{range $x := loop 3}}{{$y := 9}}{{$x}}{{end}}", "012"],
  ["{{range $i, $x := loop 5 3}}{{$i}}={{$x}} {{end}}", "0=5 1=4 "],
  ['{{range split ":" .PARTS}}<{{.}}>{{else}}none{{end}}', "<a><b><c>"],
  ["{{range loop 0}}x{{else}}none{{end}}", "none"],
  ["{{range $i, $x := loop 0}}x{{else}}{{.NAME}}{{end}}", "Template"],
  [
    "{{range $k, $v := .}}{{$k}}={{$v}};{{end}}",
    'COUNT=3;EMPTY=;NAME=Template;PARTS=a:b:c;Q=say "hi" & <b>;UNI=héllo世界;USER=pilot;',
  ],
  ["{{range $k := .}}{{len $k}},{{end}}", "1,0,8,5,14,12,5,"],
  ['{{template "t"}}{{define "t"}}{{range .}}x{{else}}none{{end}}{{end}}', "none"],
  ["{{range loop 2}}{{range loop 2}}{{.}}{{end}};{{end}}", "01;01;"],
]);

testOutputs(
  "renderTemplate() assigns the last variables in a range without :=, as Go before 1.20",
  [
    ["{{$x := 9}}{{range $x = loop 2}}{{$x}}{{end}}{{$x}}", "011"],
    ["{{$x := 8}}{{$y := 9}}{{range $x = loop 2}}{{$x}}{{end}}{{$y}}", "[0 1][0 1]1"],
    ["{{$i := 8}}{{$x := 9}}{{range $i, $x = loop 2}}{{$i}}{{$x}};{{end}}", "00;11;"],
  ],
);

testOutputs("renderTemplate() breaks and continues the innermost range", [
  ["{{range loop 5}}{{if eq . 2}}{{break}}{{end}}{{.}}{{end}}", "01"],
  ["{{range loop 5}}{{if eq . 2}}{{continue}}{{end}}{{.}}{{end}}", "0134"],
  ["{{range loop 2}}{{range loop 3}}{{if eq . 1}}{{break}}{{end}}{{.}}{{end}}b{{end}}", "0b0b"],
  ["{{range loop 2}}{{range loop 2}}{{continue}}{{end}}b{{end}}", "bb"],
  ["{{range loop 3}}{{with 1}}{{continue}}{{end}}x{{else}}y{{end}}z", "z"],
  ["{{$x := 1}}{{range loop 2}}{{$x := 5}}{{break}}{{end}}{{$x}}", "1"],
  // From the else of an inner range: a break ends that range, a continue goes on with the outer one.
  ["{{range loop 2}}{{range loop 0}}{{else}}{{break}}{{end}}b{{end}}", "bb"],
  ["{{range loop 2}}{{range loop 0}}{{else}}{{continue}}{{end}}b{{end}}", ""],
]);

testFailures("renderTemplate() refuses to go through what is no list", "exec", [
  "{{range .NAME}}{{end}}",
  "{{range .NOT_SET}}{{end}}",
  "{{range 3}}{{end}}",
  "{{range 1.5}}{{end}}",
  "{{range true}}{{end}}",
  '{{range "abc"}}{{else}}x{{end}}',
]);

testOutputs("renderTemplate() calls templates by name", [
  ['{{define "x"}}<{{.}}>{{end}}{{template "x" .NAME}}', "<Template>"],
  ['{{template "x" .NAME}}{{define "x"}}<{{.}}>{{end}}', "<Template>"],
  ['{{define "x"}}[{{.}}{{$}}]{{end}}{{template "x"}}', "[<no value><no value>]"],
  ['{{define "x"}}[{{.A}}{{.A.B}}]{{end}}{{template "x"}}', "[<no value><no value>]"],
  ['{{define "x"}}{{print .}}{{end}}{{template "x"}}', "<nil>"],
  ['{{define "x"}}{{end}}[{{template "x"}}]', "[]"],
  ['{{define `x y`}}1{{end}}{{template "x y"}}', "1"],
  [
    '{{define "x"}}{{if gt . 0}}{{.}}{{template "x" (len (slice "abcd" 0 (len (loop 1 .))))}}{{end}}{{end}}{{template "x" 4}}',
    "4321",
  ],
  ['{{block "x" .NAME}}<{{.}}>{{end}}{{template "x" 1}}', "<Template><1>"],
  ['{{block "x" $y := .USER}}{{.}}{{end}}{{$y}}', "pilotpilot"],
  ['{{template "x" $y := 1}}{{$y}}{{define "x"}}{{end}}', "1"],
  // A blank definition neither replaces another one nor is one.
  ['{{define "x"}}a{{end}}{{define "x"}} {{end}}{{template "x"}}', "a"],
  ['{{define "x"}} {{end}}{{define "x"}}a{{end}}{{template "x"}}', "a"],
  // The text itself is the template without a name.
  ['{{define ""}}a{{end}} ', "a"],
]);

testFailures(
  "renderTemplate() refuses to call templates that there are not, or without an end",
  "exec",
  [
    '{{template "x"}}',
    '{{if true}}{{template "x" .}}{{end}}',
    '{{define "x"}}{{template "x"}}{{end}}{{template "x"}}',
    'a{{template ""}}',
  ],
);
