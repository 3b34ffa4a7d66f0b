"""A page with HTML whose text differs between parsers, and its canonical text."""

ODD_PAGE = """<!doctype html>
<html><head><meta charset="utf-8"><title>Odd</title></head><body>
<nav>Menu</nav>
<div class="document"><div class="body" role="main">
<section id="odd"><h1>Odd 😀 numbers<a class="headerlink" href="#odd">¶</a></h1>
<p>Some &lbrace;text&rbrace;,&nbsp;&nbsp;with   a <em>no</em>te &amp; AT&T&#x2026;<!-- a comment -->!</p>
<p>Open paragraph
<ul><li>one<li>two 🎉🎉</ul>
<div class="highlight"><pre><span></span><span class="k">def</span> odd():
    <span class="k">return</span> 1
</pre><button class="copybtn">Copy</button></div><pre>
after the break</pre>
<p>Here <span class="math notranslate nohighlight">\\(x &lt; y\\)</span> holds.</p>
<div class="math notranslate nohighlight" id="eq"><span class="eqno">(1)<a class="headerlink">¶</a></span>\\[x\\]</div>
<form class="bookbinder-question" id="adding"><div class="bookbinder-prompt"><p>What is 2 + 2?</p></div>
<div class="bookbinder-actions" data-annot-skip><button>Check</button></div></form>
<aside data-annot-skip>2 notes</aside>
<noscript>Turn it on</noscript><script>let x = "<p>script</p>";</script><style>p{}</style>
<template><p>Template</p></template>
<table><tr><td>a</td><td>b</td></tr><tr><td>c</table>
<p>Last 𝒳 line.</p>
</section></div></div>
<footer>Footer</footer></body></html>
"""
ODD_TEXT = (
    "Odd 😀 numbers Some {text}, with a note & AT&T…! Open paragraph one"
    "two 🎉🎉 def odd(): return 1 after the break Here \ufffc holds. \ufffc abc Last 𝒳 line."
)
