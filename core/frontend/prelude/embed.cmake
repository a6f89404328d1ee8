# Turns the prelude into string literals: cmake -DOUT=... -DFILES=a;b -P
set(text "")
foreach(file IN LISTS FILES)
  file(READ "${file}" content)
  string(APPEND text "R\"PRELUDE(${content})PRELUDE\",\n")
endforeach()
file(WRITE "${OUT}" "${text}")
