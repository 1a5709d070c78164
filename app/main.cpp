#include <cstdio>
int main() { std::puts("glim"); return 0; }
