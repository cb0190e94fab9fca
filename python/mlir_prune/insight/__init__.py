# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What runs came to, as one page, and what a change would come to before it is made."""
