# LibTorch from the wheel in build/venv. Torch is linked PRIVATE: its include folder holds an older
# protobuf and fmt 12, which no other room may see.
set(TOURNANT_VENV "${PROJECT_SOURCE_DIR}/build/venv" CACHE PATH "Virtual environment that holds torch")
option(TOURNANT_TORCH_IMPORTED "Use Torch's libraries directly instead of find_package(Torch)" OFF)

file(GLOB torch_home "${TOURNANT_VENV}/lib/python3*/site-packages/torch")
if(NOT torch_home)
  message(FATAL_ERROR "No torch in ${TOURNANT_VENV}: run scripts/setup")
endif()

# A CUDA wheel without the CUDA toolkit makes find_package(Torch) fail; its CPU libraries still work.
file(GLOB torch_cuda "${torch_home}/lib/libtorch_cuda.so")
find_program(NVCC nvcc)
if(torch_cuda AND NOT NVCC)
  set(TOURNANT_TORCH_IMPORTED ON)
endif()

add_library(tournant_torch INTERFACE)
if(TOURNANT_TORCH_IMPORTED)
  target_include_directories(tournant_torch SYSTEM INTERFACE
    "${torch_home}/include" "${torch_home}/include/torch/csrc/api/include")
  set(torch_libraries "${torch_home}/lib/libtorch.so" "${torch_home}/lib/libtorch_cpu.so" "${torch_home}/lib/libc10.so")
  if(torch_cuda)
    list(APPEND torch_libraries "${torch_cuda}" "${torch_home}/lib/libc10_cuda.so")
  endif()
  target_link_libraries(tournant_torch INTERFACE -Wl,--no-as-needed ${torch_libraries} -Wl,--as-needed)
else()
  set(Torch_DIR "${torch_home}/share/cmake/Torch")
  find_package(Torch REQUIRED)
  target_link_libraries(tournant_torch INTERFACE torch)
endif()
target_link_options(tournant_torch INTERFACE "-Wl,-rpath,${torch_home}/lib")

get_target_property(torchscript_type tournant_torchscript TYPE)
if(NOT torchscript_type STREQUAL "INTERFACE_LIBRARY")
  target_link_libraries(tournant_torchscript PRIVATE tournant_torch)
endif()
